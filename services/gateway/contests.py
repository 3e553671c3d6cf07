"""Who wins categories: of each, the one entry with the highest value; a tie is nobody's. Pure; used by the board.

The leads of parts join to the leads of all, so that a board works out anew only the part that changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

Leads = dict[str, tuple[float, UUID | None]]
"""By category: the highest value, and the one entry that has it; None where several have."""


def leads_of(entry: UUID, values: Mapping[str, float | None]) -> Leads:
    """An entry alone leads wherever it has a value."""
    return {category: (value, entry) for category, value in values.items() if value is not None}


def joined(parts: Iterable[Leads]) -> Leads:
    """The leads among the entries of all parts, which have no entry in common."""
    best: Leads = {}
    for leads in parts:
        for category, lead in leads.items():
            standing = best.get(category)
            if standing is None or lead[0] > standing[0]:
                best[category] = lead
            elif lead[0] == standing[0]:
                best[category] = (lead[0], None)
    return best


def categories_won(leads: Leads) -> Counter[UUID]:
    """How many categories each entry has taken: together at most as many as there are."""
    return Counter(entry for _, entry in leads.values() if entry is not None)
