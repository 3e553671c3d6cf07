"""Slow, obvious second opinions on what the product computes fast."""
