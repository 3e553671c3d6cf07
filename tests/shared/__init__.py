"""What the services share, on real servers."""
