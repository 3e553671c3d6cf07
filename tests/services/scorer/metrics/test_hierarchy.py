"""The hierarchical distance beside its definition, on small and on real hierarchies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.metrics.hierarchy import cost_matrix
from shared.challenge import Synset, read_synsets
from shared.errors import Broken
from tests.reference import classification as reference
from tests.services.scorer.official import ROOT

SYNSETS = read_synsets(ROOT / "deploy" / "challenges" / "ilsvrc2012" / "synsets.tsv")


def nodes(synsets: tuple[Synset, ...]) -> list[reference.Node]:
    return [(synset.id, synset.height, synset.children) for synset in synsets]


@st.composite
def hierarchies(draw: st.DrawFn) -> tuple[tuple[Synset, ...], int]:
    """Graphs in which children have smaller ids' heights: parents are added one by one over what is there."""
    categories = draw(st.integers(1, 8))
    synsets = [Synset(id=i, wnid="", name="", height=draw(st.integers(0, 2))) for i in range(1, categories + 1)]
    for id_ in range(categories + 1, categories + 1 + draw(st.integers(1, 8))):
        children = draw(st.lists(st.sampled_from(synsets), min_size=1, max_size=4, unique_by=lambda s: s.id))
        height = max(child.height for child in children) + draw(st.integers(1, 3))
        synsets.append(Synset(id=id_, wnid="", name="", height=height, children=tuple(child.id for child in children)))
    return tuple(synsets), categories


@given(hierarchies())
def test_distances_are_those_of_the_definition(drawn: tuple[tuple[Synset, ...], int]) -> None:
    synsets, categories = drawn
    costs, distance = cost_matrix(synsets, categories), reference.hierarchical(nodes(synsets), categories)
    for guess in range(categories + 1):
        for label in range(1, categories + 1):
            assert costs[guess, label] == distance(guess, label)


def test_a_sample_of_the_real_hierarchy_is_that_of_the_definition() -> None:
    costs, distance = cost_matrix(SYNSETS, 1000), reference.hierarchical(nodes(SYNSETS), 60)
    expected = [[distance(guess, label) for label in range(1, 61)] for guess in range(1, 61)]
    assert costs[1:61, 1:61].tolist() == expected


def test_real_distances_are_a_symmetric_table_with_the_root_for_no_guess() -> None:
    costs = cost_matrix(SYNSETS, 1000)
    assert np.array_equal(costs, costs.T)
    assert (costs[0] == 19).all()
    assert not costs[1:, 1:].diagonal().any()
    assert costs.max() == 19


def test_a_parent_that_is_not_higher_than_its_child_is_our_fault() -> None:
    synsets = (Synset(id=1, wnid="", name="", height=2), Synset(id=2, wnid="", name="", height=1, children=(1,)))
    with pytest.raises(Broken):
        cost_matrix(synsets, 1)
