"""Bounded readers: bytes nobody has checked come in, aligned arrays or faults with line and column come out."""
