"""Categories won: one entry takes each, ties are nobody's, and parts join to what the whole gives."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.contests import Leads, categories_won, joined, leads_of

Values = dict[str, float | None]
Entries = dict[UUID, Values]


def leads(entries: Mapping[UUID, Values]) -> Leads:
    return joined(leads_of(entry, values) for entry, values in entries.items())


def naive(entries: Mapping[UUID, Values]) -> Counter[UUID]:
    """The rule, word by word: for each category the one entry with the highest average precision takes it."""
    found: Counter[UUID] = Counter()
    for category in {category for values in entries.values() for category in values}:
        values = {entry: content.get(category) for entry, content in entries.items()}
        known = [value for value in values.values() if value is not None]
        holders = [entry for entry, value in values.items() if known and value == max(known)]
        if len(holders) == 1:
            found[holders[0]] += 1
    return found


categories = st.sampled_from([str(number) for number in range(1, 7)])
values = st.one_of(st.none(), st.integers(0, 4).map(lambda number: number / 4))
contests = st.dictionaries(st.uuids(), st.dictionaries(categories, values), max_size=8)


@given(contests)
def test_categories_won_are_those_of_the_rule_and_never_more_than_there_are(entries: Entries) -> None:
    won = categories_won(leads(entries))
    assert won == naive(entries)
    assert won.total() <= len({category for content in entries.values() for category in content})


@given(contests, st.integers(1, 4))
def test_however_entries_are_parted_the_same_win(entries: Entries, count: int) -> None:
    numbered = list(enumerate(entries.items()))
    parts = [
        leads({entry: content for index, (entry, content) in numbered if index % count == part})
        for part in range(count)
    ]
    assert joined(parts) == joined(reversed(parts)) == leads(entries)


@given(contests)
def test_without_ties_every_category_that_anybody_has_is_taken(entries: Entries) -> None:
    apart = {
        entry: {category: None if value is None else value + index / 100 for category, value in content.items()}
        for index, (entry, content) in enumerate(entries.items())
    }
    had = {category for content in apart.values() for category, value in content.items() if value is not None}
    assert categories_won(leads(apart)).total() == len(had)


@given(contests)
def test_who_leaves_the_contest_takes_nothing_from_anybody_else(entries: Entries) -> None:
    before = categories_won(leads(entries))
    for leaving in entries:
        rest = {entry: content for entry, content in entries.items() if entry != leaving}
        after = categories_won(leads(rest))
        assert all(after[entry] >= before[entry] for entry in rest)
        assert after.total() >= before.total() - before[leaving]


def test_the_columns_of_2014_add_to_all_categories() -> None:
    column = (106, 45, 21, 18, 4, 4, 2)
    better: list[str] = [str(number) for number in range(1, 201)]
    entries: Entries = {}
    for share in column:
        taken, better = better[:share], better[share:]
        entries[uuid4()] = {str(number): 0.5 if str(number) in taken else 0.25 for number in range(1, 201)}
    won = categories_won(leads(entries))
    assert tuple(won[entry] for entry in entries) == column
    assert won.total() == 200
