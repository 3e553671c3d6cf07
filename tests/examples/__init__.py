"""The programs of `examples/` run, and the server takes what they write."""
