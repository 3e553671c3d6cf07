"""The scorer: takes a file and a truth, gives a report. Keeps nothing; run as many as you like."""

from shared.version import VERSION

__all__ = ["VERSION"]
