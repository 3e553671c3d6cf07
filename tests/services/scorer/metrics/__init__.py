"""The arithmetic, beside slow second opinions."""
