"""The HTTP interface, one file per resource. Routes translate; deeds are in `actions/`."""
