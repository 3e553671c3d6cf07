"""How the scorer's property tests run: without deadlines, which on a busy machine measure the machine."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
