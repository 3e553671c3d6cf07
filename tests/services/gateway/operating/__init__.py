"""Tests of what keeps a server well."""
