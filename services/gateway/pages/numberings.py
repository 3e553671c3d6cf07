"""The ways in which a file may name categories, shown by one category of the challenge itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.challenge import Numbering, Synset


@dataclass(frozen=True, slots=True)
class NumberingView:
    """`labels=name`: what it means, and how a file then names the first category."""

    name: Numbering
    meaning: str
    example: str


def numberings(categories: Sequence[Synset]) -> list[NumberingView]:
    """All four for a challenge with a table of synsets, of which `categories` may be guessed; else none to choose from.

    Categories without WNIDs of their own have their ids only.
    """
    if not categories or not all(synset.wnid for synset in categories):
        return []
    first = categories[0]
    rank = sorted(synset.wnid for synset in categories).index(first.wnid)
    return [
        NumberingView("ilsvrc", f"the challenge's own ids, 1 to {len(categories)}", str(first.id)),
        NumberingView("model-zoo", "place in alphabetical order of WNIDs, from 0, as model zoos count", str(rank)),
        NumberingView("kaggle", "the same place, from 1", str(rank + 1)),
        NumberingView("wnid", "the WNIDs themselves", first.wnid),
    ]
