"""What each numbering calls the categories, from a table of (id, WNID): the wording of the definition, and nothing else.

A second opinion for tests.
"""

from collections.abc import Sequence


def spelled(table: Sequence[tuple[int, str]], labels: str) -> dict[int, int | str]:
    """For each id what a file in this numbering writes."""
    alphabetical = sorted(wnid for _, wnid in table)
    if labels == "ilsvrc":
        return {id_: id_ for id_, _ in table}
    if labels == "wnid":
        return dict(table)
    first = {"model-zoo": 0, "kaggle": 1}[labels]
    return {id_: alphabetical.index(wnid) + first for id_, wnid in table}
