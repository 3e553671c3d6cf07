"""Tests of the doctor: each check is seen green and red."""
