"""Whole tasks, beside the official outputs."""
