"""Rolling restarts under load: `python -m tests.rolling`, and its short form in tests/system/test_rolling.py."""
