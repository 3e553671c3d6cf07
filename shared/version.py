"""The version of the scoring rules: stands in every report, and says whether an earlier result would come out again."""

VERSION = "0.3.0"
"""A change that can change a number changes this."""
