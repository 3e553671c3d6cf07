"""The four numberings, beside a second opinion and the published table of model-zoo indices."""

import csv
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.numbering import Categories, categories_of
from shared.challenge import Numbering, Synset, read_challenge
from shared.errors import Unreadable
from tests.reference.numbering import spelled
from tests.services.scorer.official import REAL, ROOT, needs_real_data

COUNTED: tuple[Numbering, ...] = ("ilsvrc", "model-zoo", "kaggle")


def synsets(wnids: list[int]) -> tuple[Synset, ...]:
    return tuple(Synset(id=i, wnid=f"n{w:08d}", name="", height=0) for i, w in enumerate(wnids, start=1))


@needs_real_data
def test_the_edition_s_ranks_are_the_published_model_zoo_indices() -> None:
    definition = read_challenge(ROOT / "deploy" / "challenges" / "ilsvrc2012")
    categories = categories_of(1000, definition.synsets)
    with (REAL / "synsets.tsv").open(newline="") as file:
        published = {
            int(row["model_zoo_index"]): int(row["ilsvrc2012_id"])
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["model_zoo_index"].isdigit()
        }
    indices = np.arange(1000)
    assert categories.named(indices, "model-zoo").ids.tolist() == [published[index] for index in range(1000)]
    assert categories.named(indices + 1, "kaggle").ids.tolist() == [published[index] for index in range(1000)]


@given(st.lists(st.integers(0, 10**8 - 1), min_size=1, max_size=30, unique=True), st.sampled_from(COUNTED))
def test_agrees_with_the_second_opinion(wnids: list[int], labels: Numbering) -> None:
    table = synsets(wnids)
    called = spelled([(synset.id, synset.wnid) for synset in table], labels)
    numbers = np.array([[number] for number in called.values()])
    named = categories_of(len(wnids), table).named(numbers, labels)
    assert named.ids.ravel().tolist() == list(called)
    assert not named.unknown.any()


@pytest.mark.parametrize(
    ("labels", "number", "id_", "unknown"),
    [
        ("ilsvrc", 0, 0, False),
        ("ilsvrc", 3, 3, False),
        ("ilsvrc", 4, 0, True),
        ("model-zoo", -1, 0, False),
        ("model-zoo", 0, 2, False),
        ("model-zoo", 3, 0, True),
        ("kaggle", 0, 0, False),
        ("kaggle", 1, 2, False),
        ("kaggle", 4, 0, True),
        ("kaggle", 2**31 - 1, 0, True),
    ],
)
def test_what_stands_outside_is_unknown_and_what_stands_for_none_is_none(
    labels: Numbering, number: int, id_: int, unknown: bool
) -> None:
    named = categories_of(3, synsets([30, 10, 20])).named(np.array([number], np.int32), labels)
    assert (named.ids[0], named.unknown[0]) == (id_, unknown)


@pytest.mark.parametrize("labels", get_args(Numbering)[1:])
@pytest.mark.parametrize("wnids", [(), ("n00000001",), ("n00000001", "n00000001"), ("n00000001", "cat")])
def test_without_a_wnid_for_each_category_only_ids_can_be_read(labels: Numbering, wnids: tuple[str, ...]) -> None:
    table = tuple(Synset(id=i, wnid=wnid, name="", height=0) for i, wnid in enumerate(wnids, start=1))
    categories: Categories = categories_of(2, table)
    assert categories.named(np.array([1]), "ilsvrc").ids.tolist() == [1]
    with pytest.raises(Unreadable) as refused:
        categories.need_ranked(labels)
    assert refused.value.code == "no-wnids"
    assert "labels=ilsvrc" in refused.value.remedy
