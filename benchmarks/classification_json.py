"""Classification as JSON, five ids for each of 100,000 images by name: read by Holdout, and decoded by msgspec."""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.page import rewrite
from benchmarks.turns import OURS, Goal, named, table, timed
from services.scorer.protocol import Case
from services.scorer.tasks import classification

ROWS, GUESSES, CATEGORIES, ROUNDS = 100_000, 5, 1000, 15
NAMES = "ILSVRC2012_test_{:08d}"


def main() -> None:
    """Measure, print the table, rewrite the section."""
    msgspec = import_module("msgspec")

    ids = np.random.default_rng(2012).integers(1, CATEGORIES + 1, (ROWS, GUESSES))
    data = msgspec.json.encode({NAMES.format(number) + ".JPEG": row.tolist() for number, row in enumerate(ids, 1)})
    decoder: Any = msgspec.json.Decoder(dict[str, list[int]])
    case = Case(images=ROWS, categories=CATEGORIES, image_names=NAMES)
    if not np.array_equal(classification.parse(case, data, None).guesses, ids):
        raise SystemExit("Holdout reads something else")
    peer = named("msgspec", "typed decode alone")
    times = timed({OURS: lambda: classification.parse(case, data, None), peer: lambda: decoder.decode(data)}, ROUNDS)
    title = f"{ROWS:,} names × {GUESSES} ids as JSON ({len(data) / 1e6:.2f} MB), read and checked"
    text = table(title, times, Goal(peer, 1))
    print(text)
    rewrite("classification-json", text)


if __name__ == "__main__":
    main()
