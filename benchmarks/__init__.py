"""Measurements of Holdout on this machine; each `python -m benchmarks.<name>` prints its figures."""
