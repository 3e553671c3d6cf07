"""From the bytes of a submission to its five error rates: 100,000 lines of five guesses, beside other readers.

Each way gets the same bytes and the same labels, and must give the same rates. All run in turn, in one process,
round after round, so that a busy machine slows all of them; the median counts. None of the others says where a
fault is; a plain loop could.
"""

import io
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.page import rewrite
from services.scorer.formats.rows import read_rows
from services.scorer.metrics.losses import errors_by_guesses, flat

LINES, GUESSES, CATEGORIES = 100_000, 5, 1000
ROUNDS = 31

Array = NDArray[np.integer[Any]]
Rates = list[float]
Way = Callable[[bytes, Array], Rates]


def main() -> None:
    """Measure, print the table, rewrite the section."""
    data, labels = _submission()
    table = _table(_measured(_ways(), data, labels), len(data))
    print(table)
    rewrite("classification", table)


def _submission() -> tuple[bytes, Array]:
    """Guesses drawn evenly, and labels found among them as often as a good model would find them."""
    random = np.random.default_rng(2012)
    guesses = random.integers(1, CATEGORIES + 1, (LINES, GUESSES))
    right = random.choice(GUESSES + 1, LINES, p=[0.75, 0.1, 0.05, 0.03, 0.02, 0.05])
    labels = np.where(right < GUESSES, guesses[np.arange(LINES), np.minimum(right, GUESSES - 1)], 1)
    text = b"".join(b"%d %d %d %d %d\n" % tuple(row) for row in guesses.tolist())
    return text, labels.astype(np.int32)


def _ways() -> dict[str, Way]:
    pandas, polars = import_module("pandas"), import_module("polars")

    def with_pandas(data: bytes, labels: Array) -> Rates:
        table = pandas.read_csv(io.BytesIO(data), sep=" ", header=None, dtype=np.int32)
        return _rates(table.to_numpy(), labels)

    def with_polars(data: bytes, labels: Array) -> Rates:
        return _rates(polars.read_csv(data, separator=" ", has_header=False).to_numpy(), labels)

    return {
        "Holdout": with_holdout,
        "polars.read_csv": with_polars,
        "numpy.fromstring": with_fromstring,
        "pandas.read_csv": with_pandas,
        "numpy.loadtxt": with_loadtxt,
        "a plain loop": with_a_loop,
    }


def with_holdout(data: bytes, labels: Array) -> Rates:
    """The scorer's own code: with every fault found and placed, had there been one."""
    rows = read_rows(data, GUESSES, LINES)
    return [losses.mean() for losses in errors_by_guesses(rows.numbers, labels[:, None], flat, worst=1)]


def with_fromstring(data: bytes, labels: Array) -> Rates:
    """Takes any shape of lines for the right one."""
    return _rates(np.fromstring(data, np.int32, sep=" ").reshape(LINES, GUESSES), labels)


def with_loadtxt(data: bytes, labels: Array) -> Rates:
    """NumPy's reader with a row for each line."""
    return _rates(np.loadtxt(io.BytesIO(data), np.int32), labels)


def with_a_loop(data: bytes, labels: Array) -> Rates:
    """What one would write first."""
    found = [0] * GUESSES
    for line, label in zip(data.splitlines(), labels.tolist(), strict=True):
        guesses = [int(word) for word in line.split()]
        if label in guesses:
            found[guesses.index(label)] += 1
    return [1 - sum(found[: k + 1]) / LINES for k in range(GUESSES)]


def _rates(guesses: Array, labels: Array) -> Rates:
    missed = np.ones(LINES, np.bool_)
    rates = []
    for rank in range(GUESSES):
        missed &= guesses[:, rank] != labels
        rates.append(int(missed.sum()) / LINES)
    return rates


def _measured(ways: dict[str, Way], data: bytes, labels: Array) -> dict[str, list[float]]:
    """The processor seconds of each way, round by round, after a round to warm up in which their rates are compared."""
    expected = with_a_loop(data, labels)
    for name, way in ways.items():
        if not np.allclose(way(data, labels), expected, rtol=0, atol=1e-12):
            raise SystemExit(f"{name} gives other rates")
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            way(data, labels)
            times[name].append(time.process_time() - start)
    return times


def _table(times: dict[str, list[float]], size: int) -> str:
    """Medians over the rounds, also of the ratio to Holdout in the same round; the quickest first."""
    rows = []
    for name, found in sorted(times.items(), key=lambda item: median(item[1])):
        ratio = median(other / ours for other, ours in zip(found, times["Holdout"], strict=True))
        rows.append(f"| {name} | {median(found) * 1000:.1f} | {ratio:.1f} × |")
    return "\n".join(
        [
            f"{LINES:,} lines × {GUESSES} ids ({size / 1e6:.2f} MB) to top-1 … top-5 error, median of {ROUNDS} rounds:",
            "",
            "| read and scored with | processor ms | Holdout's time |",
            "|---|---|---|",
            *rows,
        ]
    )


if __name__ == "__main__":
    main()
