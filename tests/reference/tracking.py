"""Video tracking as one would explain it at a blackboard: dictionaries, loops and fractions.

A second opinion for tests, written from the rule and not from the product's code.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

Box = tuple[int, int, int, int]
Row = tuple[int, int, int, Fraction, Box]
"""frame, category, track, confidence, box."""

Videos = Mapping[str, tuple[int, int]]
"""First and last frame by name."""

Tracks = dict[tuple[str, int, int], list[Row]]
"""Rows by video, category and track."""


def tracks(rows: Sequence[Row], videos: Videos) -> Tracks:
    """Gather the rows of each track of each video."""
    found: Tracks = defaultdict(list)
    for row in rows:
        name = next(name for name, (first, last) in videos.items() if first <= row[0] <= last)
        found[name, row[1], row[2]].append(row)
    return found


def average_precision(
    found: Tracks, truth: Tracks, category: int, asked: Fraction, excluded: set[tuple[int, int]]
) -> Fraction | None:
    """The area under the interpolated curve of one category, where tracks must be followed in the share `asked`."""
    mine = [key for key in found if key[1] == category]
    there = [key for key in truth if key[1] == category]
    if not mine:
        return Fraction(0)
    if not there:
        return None
    free, hits = sorted(there), []
    for key in sorted(mine, key=lambda key: (-_score(found[key]), key[0], key[2])):
        shares = [(_share(found[key], truth[other], excluded), other) for other in free if other[0] == key[0]]
        best = max((share for share, _ in shares), default=Fraction(-1))
        hits.append(best >= asked)
        if best >= asked:
            free.remove(next(other for share, other in shares if share == best))
    points = [(Fraction(sum(hits[:n]), len(there)), Fraction(sum(hits[:n]), n)) for n in range(1, len(hits) + 1)]
    steps = sorted({recall for recall, _ in points if recall})
    area = Fraction(0)
    for before, recall in zip([Fraction(0), *steps], steps, strict=False):
        area += (recall - before) * max(precision for reached, precision in points if reached >= recall)
    return area


def _score(rows: Sequence[Row]) -> Fraction:
    return sum((row[3] for row in rows), Fraction(0)) / len(rows)


def _share(rows: Sequence[Row], true: Sequence[Row], excluded: set[tuple[int, int]]) -> Fraction:
    hits = sum(
        row[0] == other[0] and (row[0], row[1]) not in excluded and _hits(row[4], other[4])
        for row in rows
        for other in true
    )
    return Fraction(hits, len({row[0] for row in (*rows, *true)}))


def _hits(box: Box, true: Box) -> bool:
    """Half must overlap; less of a true box so small that five pixels around it are more."""
    width, height = true[2] - true[0] + 1, true[3] - true[1] + 1
    least = min(Fraction(1, 2), Fraction(width * height, (width + 10) * (height + 10)))
    across = min(box[2], true[2]) - max(box[0], true[0]) + 1
    down = min(box[3], true[3]) - max(box[1], true[1]) + 1
    if across <= 0 or down <= 0:
        return False
    area = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    return Fraction(across * down, area + width * height - across * down) >= least
