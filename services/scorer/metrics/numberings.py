"""Notes on a file that is no better than chance, as one in the wrong numbering is: the commonest mistake.

Where the truth is public the numbering that fits is named, found by trying the others on the same guesses. Where it is
held out nothing is told but what the score itself tells.
"""

from collections.abc import Callable, Iterator
from typing import get_args

from services.scorer.formats.guesses import Guesses
from services.scorer.formats.numbering import SCORES, Categories, Numbers
from services.scorer.metrics.chance import at_chance, most_by_luck
from services.scorer.metrics.losses import Losses
from shared.challenge import Numbering
from shared.report import Note

FITS_TIMES = 2
"""Another numbering fits if it has so many times the hits, and more than luck. Files of real models that are one
category off (by alphabet, from 0 or from 1) keep a sixth of their hits, all others a hundredth."""


_CHANCE_LEVEL = (
    "The score is at chance level, as if guessed without looking. Mostly the file is in another numbering (labels: "
    "ilsvrc, model-zoo, kaggle or wnid) or its lines are in another order than the images' names."
)


def chance_notes(losses: Losses, made: int, categories: int, sentence: str = _CHANCE_LEVEL) -> list[Note]:
    """`chance-level`, where it is true of the flat `losses` with all guesses, of which `made` were made.

    `sentence` says what it mostly comes from, where there is but one numbering.
    """
    images = len(losses.per_image)
    chance = at_chance(_hits(losses), images, made / (images * categories))
    return [Note(code="chance-level", sentence=sentence, count=images)] if chance else []


def fitting_notes(
    losses: Losses, guesses: Guesses, judged: Callable[[Numbers], Losses], categories: Categories
) -> list[Note]:
    """`other-numbering-fits`, where one has more hits than the flat `losses` show. Never for a truth that is held out.

    `judged` gives the flat losses of ids by the truth.
    """
    images, width = len(losses.per_image), guesses.rows.numbers.shape[1]
    share = width / (categories.count or width)
    least = max(FITS_TIMES * _hits(losses), most_by_luck(images, share) + 1)
    others = list(_others(guesses, categories)) if least <= images else []
    tried = [(_hits(judged(categories.named(guesses.numbers(other), other).ids)), other) for other in others]
    hits, labels = max(tried, default=(0.0, guesses.labels))
    if hits < least:
        return []
    sentence = f"The file fits another numbering: with labels={labels} its error would be {1 - hits / images:.5f}."
    return [Note(code="other-numbering-fits", sentence=sentence, count=images)]


def _hits(losses: Losses) -> float:
    """Images with a right guess; one of several labels counts its part."""
    return float(len(losses.per_image) - losses.sum())


def _others(guesses: Guesses, categories: Categories) -> Iterator[Numbering]:
    """The numberings that `guesses` may have been meant by. WNIDs are never meant otherwise."""
    if categories.ranked is None or guesses.labels == "wnid":
        return
    for labels in get_args(Numbering):
        known = SCORES[labels] == labels if guesses.are_columns else labels != "wnid"
        if known and labels != guesses.labels:
            yield labels
