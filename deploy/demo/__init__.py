"""`make demo`: the whole story on real servers and real data, each claim checked as it is told."""
