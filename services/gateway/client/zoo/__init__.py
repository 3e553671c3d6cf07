"""Many models in one run: `client.py zoo`, over the server's batches."""
