"""Localization, 100,000 lines of five guesses with boxes: from the text to every error, beside other readers of it.

The others only fill arrays, and are told nothing of a fault's place; all are scored by the same arithmetic.
"""

import io
from dataclasses import replace
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from benchmarks.page import rewrite
from benchmarks.turns import OURS, Goal, Way, named, table, timed
from services.scorer.formats.instances import Instances
from services.scorer.protocol import Case
from services.scorer.tasks import localization

LINES, GUESSES, CATEGORIES, ROUNDS = 100_000, 5, 1000, 9
GROUP = 5
RIGHT = 0.3
"""The share of guesses that are right, or nearly."""

Numbers = NDArray[np.int32]


def main() -> None:
    """Measure, print the table, rewrite the section."""
    rows, truth = _drawn()
    data = _text(rows)
    case = Case(images=LINES, guesses=GUESSES, categories=CATEGORIES)
    known = localization.read_truth(case, _text(truth))
    ways = _ways(case, data, known)
    expected = ways[OURS]()
    for name, way in ways.items():
        if way() != expected:
            raise SystemExit(f"{name} gives other errors")
    title = f"{LINES:,} lines × {GUESSES} guesses with boxes ({len(data) / 1e6:.1f} MB) to all errors"
    goals = [Goal(name, 3 if "fromstring" in name else 1) for name in ways if name != OURS]
    text = table(title, timed(ways, ROUNDS), *goals)
    print(text)
    rewrite("localization", text)


def _drawn() -> tuple[Numbers, Numbers]:
    """Guesses, (lines, 25), and objects, (lines, 5): whole pixels, as the kit's demo has them."""
    random = np.random.default_rng(2013)
    truth = _guesses(random, LINES)
    guesses = _guesses(random, LINES * GUESSES).reshape(LINES, GUESSES, GROUP)
    near = truth[:, None, :] + np.append(0, random.integers(-15, 16, 4))
    right = random.random((LINES, GUESSES, 1)) < RIGHT
    return np.where(right, np.maximum(near, 0), guesses).reshape(LINES, -1), truth


def _guesses(random: np.random.Generator, count: int) -> Numbers:
    labels, first = random.integers(1, CATEGORIES + 1, (count, 1)), random.integers(1, 300, (count, 2))
    return np.hstack([labels, first, first + random.integers(30, 200, (count, 2))]).astype(np.int32)


def _text(rows: Numbers) -> bytes:
    line = b" ".join([b"%d"] * rows.shape[1]) + b"\n"
    return b"".join(line % tuple(row) for row in rows.tolist())


def _ways(case: Case, data: bytes, known: Instances) -> dict[str, Way]:
    pandas, polars = import_module("pandas"), import_module("polars")
    parsed = localization.parse(case, data, known)

    def errors(read: localization.Parsed) -> dict[str, float]:
        return {name: losses.mean() for name, losses in localization.score(read, known).losses.items()}

    def scored(numbers: Numbers) -> dict[str, float]:
        cells = numbers.reshape(LINES, GUESSES, GROUP)
        written = replace(parsed.written, boxes=cells[:, :, 1:].astype(np.float64))
        return errors(replace(parsed, guesses=cells[:, :, 0], written=written))

    return {
        OURS: lambda: errors(localization.parse(case, data, known)),
        named("numpy", "fromstring into int32"): lambda: scored(np.fromstring(data, np.int32, sep=" ")),
        named("numpy", "loadtxt"): lambda: scored(np.loadtxt(io.BytesIO(data), np.int32)),
        named("pandas", "read_csv"): lambda: scored(
            pandas.read_csv(io.BytesIO(data), sep=" ", header=None, dtype=np.int32).to_numpy()
        ),
        named("polars", "read_csv"): lambda: scored(
            polars.read_csv(data, separator=" ", has_header=False).to_numpy().astype(np.int32)
        ),
    }


if __name__ == "__main__":
    main()
