"""Real processes, several services together, as people run them."""
