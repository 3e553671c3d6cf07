"""Classification as an array of scores, 50,000 images × 1000 categories: top-1 … top-5 error, and scikit-learn's top 5."""

import io
from importlib import import_module

import numpy as np

from benchmarks.page import rewrite
from benchmarks.turns import OURS, Goal, named, table, timed
from services.scorer.formats.arrays import open_array, read_scores
from services.scorer.metrics.losses import errors_by_guesses, flat

IMAGES, CATEGORIES, GUESSES, ROUNDS = 50_000, 1000, 5, 5


def main() -> None:
    """Measure, print the table, rewrite the section."""
    top_k_accuracy_score = import_module("sklearn.metrics").top_k_accuracy_score

    random = np.random.default_rng(2012)
    labels = random.integers(0, CATEGORIES, IMAGES, dtype=np.int32)
    scores = random.standard_normal((IMAGES, CATEGORIES), np.float32)
    scores[np.arange(IMAGES), labels] += 3
    file = io.BytesIO()
    np.save(file, scores)
    data, categories = file.getvalue(), np.arange(CATEGORIES)

    def ours() -> float:
        rows = read_scores(*open_array(data, IMAGES, CATEGORIES), GUESSES, 1)
        return [losses.mean() for losses in errors_by_guesses(rows.numbers, labels[:, None] + 1, flat, worst=1)][-1]

    def theirs() -> float:
        loaded = np.load(io.BytesIO(data))
        return 1 - float(top_k_accuracy_score(labels, loaded, k=GUESSES, labels=categories))

    if abs(ours() - theirs()) > 1e-12:
        raise SystemExit("scikit-learn gives another rate")
    peer = named("scikit-learn", "top_k_accuracy_score")
    title = f"{IMAGES:,} × {CATEGORIES} float32 scores ({len(data) / 1e6:.0f} MB)"
    text = table(title, timed({OURS: ours, peer: theirs}, ROUNDS), Goal(peer, 5))
    print(text)
    rewrite("classification-scores", text)


if __name__ == "__main__":
    main()
