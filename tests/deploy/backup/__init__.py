"""Tests of deploy/backup."""
