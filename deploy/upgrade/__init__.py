"""Whether this version goes on from the data of an earlier one, tried for real."""
