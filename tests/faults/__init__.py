"""The fault run: a stack under load while a seeded script breaks it, and a checker that looks for what was lost."""
