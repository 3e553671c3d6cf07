"""`python -m services.gateway doctor`: looks at everything that Holdout stands on, and says how to mend what is wrong.

Each check is a small function of a `Patient`; all run side by side, each in so many seconds, and one that breaks is a
finding like any other.
"""
