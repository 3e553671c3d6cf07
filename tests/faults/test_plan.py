"""A seed means the same faults for ever; each kind and each target comes."""

from collections import Counter

import pytest

from tests.faults.plan import (
    HOLD_SECONDS,
    KINDS,
    PAIRED,
    PAST_CLAIM_SECONDS,
    PAST_LEASE_SECONDS,
    WEIGHTS,
    occasions,
    plan,
)


def test_a_seed_replays() -> None:
    assert plan(7, 500) == plan(7, 500)
    assert plan(7, 500) != plan(8, 500)


def test_every_kind_comes_at_least_once_and_every_target_as_often_as_any_other() -> None:
    faults = plan(1, 500)
    assert {fault.kind for fault in faults} == set(KINDS)
    for kind, targets in KINDS.items():
        counts = Counter(fault.target for fault in faults if fault.kind == kind)
        assert set(counts) == set(targets)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_a_scorer_is_stopped_past_its_lease() -> None:
    stops = [fault for fault in plan(1, 500, ["stop", "hold"]) if fault.target.startswith("scorer")]
    assert stops
    assert all(fault.seconds >= PAST_LEASE_SECONDS[0] for fault in stops)


@pytest.mark.parametrize("program", ["courier", "gateway"])
def test_half_of_the_time_these_are_frozen_past_what_they_have_claimed(program: str) -> None:
    stops = [fault.seconds for fault in plan(1, 2000, ["stop"]) if fault.target == program]
    assert all(HOLD_SECONDS["stop"][0] <= seconds <= PAST_CLAIM_SECONDS[1] for seconds in stops)
    assert 0.4 < sum(seconds >= PAST_CLAIM_SECONDS[0] for seconds in stops) / len(stops) < 0.6


def test_every_tenth_time_there_are_two_that_go_together() -> None:
    faults = plan(1, 2000)
    pairs = [(first, second) for first, second in occasions(faults) if second is not None]
    assert 0.07 < len(pairs) / len(list(occasions(faults))) < 0.15
    assert {fault.kind for pair in pairs for fault in pair} == set(PAIRED)
    assert all({first.target, second.target} != {"scorer-1", "scorer-2"} for first, second in pairs)
    assert all(first.target != second.target for first, second in pairs)


def test_half_of_the_publications_that_may_meet_something_do() -> None:
    faults = plan(1, 2000)
    pairs = [{fault.kind for fault in pair if fault} for pair in occasions(faults)]
    published = [kinds for kinds in pairs if "publish" in kinds]
    assert 0.3 < sum(len(kinds) > 1 for kinds in published) / len(published) < 0.8


def test_a_fault_of_two_counts_as_any_other() -> None:
    faults = plan(1, 500)
    together = [fault for pair in occasions(faults) for fault in pair if fault is not None]
    assert together == faults
    assert [fault.number for fault in faults] == list(range(1, 501))


def test_weights_are_of_a_hundred_and_known_kinds() -> None:
    assert set(WEIGHTS) == set(KINDS)
    assert sum(WEIGHTS.values()) == 100
    assert set(HOLD_SECONDS) <= set(KINDS)
