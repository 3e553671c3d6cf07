"""A seed means the same faults for ever; each kind and each target comes."""

from collections import Counter

from tests.faults.plan import HOLD_SECONDS, KINDS, PAST_LEASE_SECONDS, WEIGHTS, plan


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


def test_weights_are_of_a_hundred_and_known_kinds() -> None:
    assert set(WEIGHTS) == set(KINDS)
    assert sum(WEIGHTS.values()) == 100
    assert set(HOLD_SECONDS) <= set(KINDS)
