"""What a mistake with a file of predictions is, in the tests: what was sent, and what has to be said."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from services.scorer.protocol import Case, case_of
from shared.challenge import Challenge, read_challenge
from tests.services.scorer.official import ROOT

IMAGES, GUESSES, CATEGORIES = 50_000, 5, 1000

Lines = list[list[int]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """`sent` in words; `data` as it arrives at a split of ILSVRC2012.

    Refused files have the cause's `code`, accepted ones a note's; "" is for files that are taken without a note.
    `says` and `remedy` are parts of what is printed, `line` is that of the first fault (or of the note), if it has one.
    """

    sent: str
    data: bytes
    code: str
    says: str = ""
    remedy: str = ""
    line: int | None = None
    accepted: bool = False
    split: str = "validation"


@cache
def definition() -> Challenge:
    return read_challenge(ROOT / "deploy" / "challenges" / "ilsvrc2012")


def case(split: str = "validation") -> Case:
    rules = definition().tasks["classification"]
    return case_of(definition(), rules, rules.splits[split])


@cache
def guesses(images: int = IMAGES) -> Lines:
    """Five distinct ids for each image, all ids but 1000 in the first line's way: seeded, and the same every time."""
    random = np.random.default_rng(2012)
    steps = random.integers(1, CATEGORIES // GUESSES, (images, GUESSES))
    found: Lines = ((random.integers(0, CATEGORIES, (images, 1)) + np.cumsum(steps, axis=1)) % CATEGORIES + 1).tolist()
    return [[771, 778, 794, 387, 650], *found[1:]]


def written(lines: Lines, separator: str = " ", end: str = "\n") -> bytes:
    return "".join(separator.join(map(str, line)) + end for line in lines).encode()


def around(before: str, separator: str, after: str) -> bytes:
    """Every line with something `before` and `after` it; `{}` is the line's number from 1."""
    lines = (
        before.replace("{}", str(n)) + separator.join(map(str, line)) + after.replace("{}", str(n))
        for n, line in enumerate(guesses(), start=1)
    )
    return "\n".join(lines).encode() + b"\n"
