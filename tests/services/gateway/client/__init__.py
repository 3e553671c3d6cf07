"""Tests of the participants' client."""
