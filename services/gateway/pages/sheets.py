"""A long board on several sheets: which entries are on one, and which others it links to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

PAGE_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """Sheet `number` of `last`, with the entries from `first` on of `count`, all counted from 1.

    `links` are the numbers of the sheets to choose from, in order, with None for a gap.
    """

    number: int
    last: int
    first: int
    count: int
    links: Sequence[int | None]


def sheet_of(count: int, number: int) -> Sheet:
    """The sheet of that number; the last one where there are fewer."""
    last = max(1, -(-count // PAGE_ENTRIES))
    number = min(number, last)
    return Sheet(number, last, (number - 1) * PAGE_ENTRIES + 1, count, _links(number, last))


def _links(number: int, last: int) -> list[int | None]:
    """The first, the last, and two on either side."""
    chosen = sorted({1, last} | set(range(max(1, number - 2), min(last, number + 2) + 1)))
    links: list[int | None] = []
    for one in chosen:
        if links and links[-1] != one - 1:
            links.append(None)
        links.append(one)
    return links
