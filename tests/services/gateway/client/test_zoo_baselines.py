"""Held against a baseline: which way is worse, by how much it may be, and which files are no baselines."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.client.endings import USAGE, Ending
from services.gateway.client.zoo.baselines import Baseline, baseline_at
from services.gateway.client.zoo.models import Zoo

ZOO = Zoo({"challenge": "c", "task": "t", "split": "validation"}, [])
TEN_THOUSANDTHS = st.integers(0, 10_000)


@given(TEN_THOUSANDTHS, TEN_THOUSANDTHS, st.integers(0, 500), st.booleans())
def test_worse_is_more_of_what_falls_and_less_of_what_rises(before: int, now: int, tolerance: int, falls: bool) -> None:
    baseline = Baseline("m", falls, {"a": before / 10_000})
    found = baseline.compared("a", now / 10_000, tolerance / 100)
    lost = now - before if falls else before - now
    assert found["worse"] is (lost > tolerance)
    assert found["worse_by_points"] == pytest.approx(lost / 100, abs=1e-6)


def test_a_new_model_is_not_worse_and_one_without_a_score_is() -> None:
    baseline = Baseline("m", True, {"a": 0.1})
    assert not baseline.compared("new", 0.9, 0)["worse"]
    assert baseline.compared("a", None, 100)["worse"]


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ("not JSON", "is no JSON"),
        ("[]", "is not what"),
        ('{"models": 1}', "is not what"),
        ('{"models": [], "challenge": "c", "task": "t", "split": "test"}', "is of c t test"),
        ('{"models": [{"metrics": {"m": 1}}], "challenge": "c", "task": "t", "split": "validation"}', "is not what"),
        ('{"models": [7], "challenge": "c", "task": "t", "split": "validation"}', "is not what"),
    ],
)
def test_what_is_no_baseline_of_this_split_is_refused(tmp_path: Path, kept: str, sentence: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(kept)
    with pytest.raises(Ending, match=sentence) as refusal:
        baseline_at(str(path), ZOO, "m", True)
    assert refusal.value.code == USAGE


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Ending, match="cannot be read"):
        baseline_at(str(tmp_path / "none.json"), ZOO, "m", True)


@pytest.mark.parametrize("said", ["nan", "inf", "-inf"])
def test_a_number_that_nothing_can_be_worse_than_is_refused(said: str) -> None:
    with pytest.raises(Ending, match="is no baseline"):
        baseline_at(said, ZOO, "m", True)


def test_only_models_with_a_value_are_held_against(tmp_path: Path) -> None:
    models = [{"name": "a", "metrics": {"m": 0.5}}, {"name": "b", "metrics": None}, {"name": "c", "metrics": {"x": 1}}]
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(ZOO.said | {"models": models}))
    assert baseline_at(str(path), ZOO, "m", True).values == {"a": 0.5}
