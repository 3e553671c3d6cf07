"""The scorer: takes a file and a truth, gives a report. Keeps nothing; run as many as you like."""

VERSION = "0.1.0"
"""Stands in every report: a change that can change a number changes this."""
