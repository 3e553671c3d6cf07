"""The arithmetic of the metrics and of their intervals: arrays in, numbers out."""
