"""What the whole does just now, for `/status`, `/v1/status` and `/metrics`; of no team in particular."""
