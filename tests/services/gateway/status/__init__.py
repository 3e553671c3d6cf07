"""Tests of the state of the whole."""
