"""Tests of the organiser's way to a challenge of their own."""
