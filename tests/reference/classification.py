"""Classification as one would explain it at a blackboard: loops, fractions, no arrays.

A second opinion for tests, written from the rule and not from the product's code.
"""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction

Lines = list[list[int]]


def read(text: bytes) -> Lines:
    """The numbers of each line of a well-formed file."""
    lines = text.decode("utf-8-sig").replace("\r\n", "\n").rstrip(" \t\r\n").split("\n")
    return [[int(word) for word in line.replace(",", " ").split()] for line in lines]


def error(guesses: Lines, truth: Lines, k: int, distance: Callable[[int, int], int], worst: int) -> Fraction:
    """e = 1/n · Σ_labels min_guesses d, averaged over all images; no guess at all costs `worst`."""
    total = Fraction(0)
    for row, labels in zip(guesses, truth, strict=True):
        named = [label for label in labels if label != 0]
        for label in named:
            total += Fraction(min([worst] + [distance(guess, label) for guess in row[:k]]), len(named))
    return total / len(truth)


def error_by_any_label(guesses: Lines, truth: Lines, k: int) -> Fraction:
    """The share of images, of those with a label, for which no guess is one of the labels."""
    judged = [(row[:k], labels) for row, labels in zip(guesses, truth, strict=True) if labels]
    return Fraction(sum(1 for row, labels in judged if not any(guess in labels for guess in row)), len(judged))


def flat(guess: int, label: int) -> int:
    """0 for the right category, else 1."""
    return 0 if guess == label else 1


Node = tuple[int, int, Sequence[int]]
"""id, height, children."""


def hierarchical(nodes: Sequence[Node], categories: int) -> Callable[[int, int], int]:
    """The least height of a common ancestor; what is no category costs the greatest height."""
    greatest = max(height for _, height, _ in nodes)

    def ancestors(id_: int) -> set[int]:
        above = {id_}
        for parent, _, children in nodes:
            if id_ in children:
                above |= ancestors(parent)
        return above

    heights = {id_: height for id_, height, _ in nodes}
    above = {id_: ancestors(id_) for id_ in range(1, categories + 1)}

    def distance(guess: int, label: int) -> int:
        if guess == label:
            return 0
        if guess not in above:
            return greatest
        return min((heights[node] for node in above[guess] & above[label]), default=greatest)

    return distance


def bootstrap(losses: Sequence[float], level: float, rounds: int, seed: int) -> tuple[float, float]:
    """The percentile bootstrap, round by round: draw images with replacement, take the mean, cut both ends."""
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(losses, k=len(losses))) / len(losses) for _ in range(rounds))
    discarded = int(rounds * (100 - level) / 200)
    return means[discarded], means[rounds - 1 - discarded]
