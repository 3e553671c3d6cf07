"""The organiser's way to a challenge of their own: `challenge new`, `check`, `publish`, and who sees it."""
