"""What `/v1` promises, held against the last release: the documents of both are compared as a client would feel them."""
