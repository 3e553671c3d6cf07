"""The hierarchical distance of ILSVRC 2010 and 2011: the height of the lowest common ancestor.

Height is the length of the longest path to a leaf of the full WordNet. The hierarchy is a graph, not a tree: of
several lowest common ancestors the least height counts.
"""

from collections.abc import Sequence

import numpy as np

from services.scorer.metrics.losses import Distance, Integers
from shared.challenge import Synset
from shared.errors import Broken


def cost_matrix(synsets: Sequence[Synset], categories: int) -> Integers:
    """(categories + 1, categories + 1): the distance of any two categories by id; row and column 0 cost the root.

    A pair without a common ancestor costs the greatest height. Raises `Broken` for heights that do not grow from
    child to parent.
    """
    greatest = max(synset.height for synset in synsets)
    costs = np.full((categories + 1, categories + 1), greatest, np.min_scalar_type(greatest))
    # From the highest ancestor down, so that the least height is written last.
    for leaves, height in reversed(_heights_of_leaf_sets(synsets, categories).items()):
        if leaves.bit_count() > 1:
            ids = _ids(leaves, categories)
            costs[ids[:, None], ids] = height
    each = np.arange(1, categories + 1)
    costs[each, each] = 0
    return costs


def hierarchical(costs: Integers) -> Distance:
    """Look distances up in a `cost_matrix`."""
    table, width = costs.ravel(), np.int64(len(costs))
    return lambda guesses, labels: table.take(guesses * width + labels)


def _heights_of_leaf_sets(synsets: Sequence[Synset], categories: int) -> dict[int, int]:
    """The categories under each synset (bit i = category i) → the least height with that set, ascending."""
    below: dict[int, int] = {}
    heights: dict[int, int] = {}
    for synset in sorted(synsets, key=lambda synset: synset.height):
        leaves = 1 << synset.id if synset.id <= categories else 0
        for child in synset.children:
            if child not in below:
                raise Broken("hierarchy-disordered", f"synset {synset.id} is not higher than its child {child}")
            leaves |= below[child]
        below[synset.id] = leaves
        heights.setdefault(leaves, synset.height)
    return heights


def _ids(leaves: int, categories: int) -> Integers:
    data = leaves.to_bytes(categories // 8 + 1, "little")
    return np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little"))
