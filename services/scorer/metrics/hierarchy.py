"""The hierarchical distance of ILSVRC 2010 and 2011: the height of the lowest common ancestor.

Height is the length of the longest path to a leaf of the full WordNet. The hierarchy is a graph, not a tree: of
several lowest common ancestors the least height counts.
"""

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from services.scorer.metrics.losses import Distance, Integers
from shared.challenge import Synset
from shared.errors import Broken


def cost_matrix(synsets: Sequence[Synset], categories: int) -> Integers:
    """(categories + 1, categories + 1): the distance of any two categories by id; row and column 0 cost the root.

    A pair without a common ancestor costs the greatest height. Raises `Broken` for heights that do not grow from
    child to parent.
    """
    greatest = max(synset.height for synset in synsets)
    places = _places(synsets, categories)
    costs = np.full((categories + 1, categories + 1), greatest, np.min_scalar_type(greatest))
    # From the highest ancestor down, so that the least height is written last.
    for leaves, height in reversed(_heights_of_leaf_sets(synsets, places).items()):
        runs = list(_runs(leaves))
        for rows in runs:
            for columns in runs:
                costs[rows, columns] = height
    np.fill_diagonal(costs[1:, 1:], 0)
    return costs.take(places, 0).take(places, 1)


def hierarchical(costs: Integers) -> Distance:
    """Look distances up in a `cost_matrix`."""
    table, width = costs.ravel(), np.int64(len(costs))
    return lambda guesses, labels: table.take(guesses * width + labels)


def _places(synsets: Sequence[Synset], categories: int) -> NDArray[np.intp]:
    """A place, from 1, for each category's id: as the hierarchy is walked from the top, relatives side by side.

    Only for speed: what stands side by side is written at once.
    """
    places = np.zeros(categories + 1, np.intp)
    children = {synset.id: synset.children for synset in synsets}
    waiting = sorted(children, key=lambda id_: synsets[id_ - 1].height)
    seen: set[int] = set()
    free = count(1)
    while waiting:
        id_ = waiting.pop()
        if id_ not in seen:
            seen.add(id_)
            waiting.extend(children[id_])
            if id_ <= categories:
                places[id_] = next(free)
    return places


def _heights_of_leaf_sets(synsets: Sequence[Synset], places: NDArray[np.intp]) -> dict[int, int]:
    """The categories under each synset (a bit for each place) → the least height with that set, ascending."""
    below: dict[int, int] = {}
    heights: dict[int, int] = {}
    for synset in sorted(synsets, key=lambda synset: synset.height):
        leaves = 1 << int(places[synset.id]) if synset.id < len(places) else 0
        for child in synset.children:
            if child not in below:
                raise Broken("hierarchy-disordered", f"synset {synset.id} is not higher than its child {child}")
            leaves |= below[child]
        below[synset.id] = leaves
        heights.setdefault(leaves, synset.height)
    return heights


def _runs(bits: int) -> Iterator[slice]:
    """The runs of ones in `bits`, lowest first."""
    start = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        bits >>= ones
        yield slice(start + zeros, start + zeros + ones)
        start += zeros + ones
