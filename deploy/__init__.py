"""How Holdout is run: the one-machine stack, the published challenges and the demo."""
