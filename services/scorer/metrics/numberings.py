"""Notes on a file that is no better than chance, as one in the wrong numbering is: the commonest mistake.

Where the truth is public the numbering that fits is named, found by trying the others on the same guesses. Where it is
held out nothing is told but what the score itself tells.
"""

from collections.abc import Iterator
from typing import get_args

import numpy as np

from services.scorer.formats.guesses import Guesses
from services.scorer.formats.numbering import SCORES, Categories, Numbers
from services.scorer.metrics.chance import at_chance, most_by_luck
from services.scorer.metrics.losses import errors_by_guesses, flat
from shared.challenge import Numbering
from shared.report import Note

FITS_TIMES = 2
"""Another numbering fits if it has so many times the hits, and more than luck. Files of real models that are one
category off (by alphabet, from 0 or from 1) keep a sixth of their hits, all others a hundredth."""


def chance_notes(guesses: Guesses, ids: Numbers, truth: Numbers, categories: Categories, held_out: bool) -> list[Note]:
    """`chance-level` and `other-numbering-fits`, where they are true of `guesses`, which were read as `ids`.

    ids: (images, k), 0 for none; truth: (images, labels). Nothing is said where the number of categories is not known.
    """
    if categories.count is None:
        return []
    images, share = len(truth), np.count_nonzero(ids) / (len(truth) * categories.count)
    hits = _hits(ids, truth)
    notes = []
    if at_chance(hits, images, share):
        notes.append(_at_chance(images))
    if not held_out:
        least = max(FITS_TIMES * hits, most_by_luck(images, ids.shape[1] / categories.count) + 1)
        notes += _fitting(guesses, truth, categories, least)
    return notes


def _hits(ids: Numbers, truth: Numbers) -> float:
    """Images with a right guess; one of several labels counts its part."""
    losses = errors_by_guesses(ids, truth, flat, worst=1)[-1]
    return len(truth) - int(losses.per_image.sum(dtype=np.int64)) / losses.steps


def _at_chance(images: int) -> Note:
    sentence = (
        "The score is at chance level, as if guessed without looking. Mostly the file is in another numbering (labels: "
        "ilsvrc, model-zoo, kaggle or wnid) or its lines are in another order than the images' names."
    )
    return Note(code="chance-level", sentence=sentence, count=images)


def _fitting(guesses: Guesses, truth: Numbers, categories: Categories, least: float) -> Iterator[Note]:
    """The other numbering with the most hits, if it has `least`."""
    tried = [
        (_hits(categories.named(guesses.numbers(other), other).ids, truth), other)
        for other in _others(guesses, categories)
    ]
    if tried and max(tried)[0] >= least:
        hits, labels = max(tried)
        error = 1 - hits / len(truth)
        sentence = f"The file fits another numbering: with labels={labels} its error would be {error:.5f}."
        yield Note(code="other-numbering-fits", sentence=sentence, count=len(truth))


def _others(guesses: Guesses, categories: Categories) -> Iterator[Numbering]:
    """The numberings that `guesses` may have been meant by. WNIDs are never meant otherwise."""
    if categories.ranked is None or guesses.labels == "wnid":
        return
    for labels in get_args(Numbering):
        known = SCORES[labels] == labels if guesses.are_columns else labels != "wnid"
        if known and labels != guesses.labels:
            yield labels
