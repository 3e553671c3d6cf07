"""Rows of numbers, read the slow way: cut into lines, lines into words, words by Python's own `float` and `int`."""

import re

Place = tuple[int, int]


def words(text: bytes) -> list[list[tuple[int, bytes]]]:
    """The words of each line with their columns, from 1."""
    lines = text.rstrip(b" \t\r\n").split(b"\n")
    return [[(found.start() + 1, found[0]) for found in re.finditer(rb"[^ \t\r,]+", line)] for line in lines]


def number(word: bytes, kind: str) -> float | None:
    """What a word says, as a number of this kind; None if it says none."""
    if kind in ("whole", "signed"):
        pattern = rb"\d+" if kind == "whole" else rb"-?\d+"
        return float(int(word)) if re.fullmatch(pattern, word) and abs(int(word)) < 2**31 else None
    if kind == "unbounded" and re.fullmatch(rb"[-+]?inf(inity)?", word, re.IGNORECASE):
        return float(word)
    if not re.fullmatch(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", word):
        return None
    return float(word) if abs(float(word)) != float("inf") else None


def table(text: bytes, kinds: list[str]) -> tuple[list[list[float]], set[Place]]:
    """The numbers line by line, and the places of words that are none, of missing and of superfluous ones."""
    rows, faults = [], set()
    for line, found in enumerate(words(text), start=1):
        values = [number(word, kind) for (_, word), kind in zip(found, kinds, strict=False)]
        faults |= {(line, column) for (column, _), value in zip(found, values, strict=False) if value is None}
        if len(found) != len(kinds):
            faults.add((line, 0))
        rows.append([value or 0.0 for value in values])
    return rows, faults
