"""Scene classification as one would explain it at a blackboard: a dictionary of names, and loops.

A second opinion for tests, written from the rule and not from the product's code.
"""

from fractions import Fraction

Rows = dict[str, list[int]]


def read(text: bytes) -> Rows:
    """The ids behind each name of a well-formed file."""
    lines = (line.replace(",", " ").split() for line in text.decode().splitlines())
    return {words[0]: [int(word) for word in words[1:]] for words in lines if words}


def error(guesses: Rows, truth: Rows, k: int) -> Fraction:
    """1 − the share of images for which one of the first k guesses is the label."""
    assert guesses.keys() == truth.keys()
    right = sum(1 for name, labels in truth.items() if labels[0] in guesses[name][:k])
    return 1 - Fraction(right, len(truth))
