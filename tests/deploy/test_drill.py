"""The drill's note of itself: what was measured, also when the way back fails, and never more than was found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.telling import Failed, Teller
from deploy.drill.__main__ import compare
from deploy.drill.rehearsal import noted
from deploy.drill.seeing import Seen
from services.gateway.actions.rehearsals import Rehearsal

SEEN = Seen(board=[{"rank": 1}], reports={"one": "digest"}, allowances={"team": 3}, events={"team": []})


def note(backup: Path) -> Rehearsal:
    """As the gateway's command reads it."""
    return Rehearsal.model_validate_json((backup / "last-rehearsal.json").read_bytes())


def test_a_way_back_that_fails_is_noted_as_far_as_it_came(tmp_path: Path) -> None:
    with pytest.raises(Failed), noted(tmp_path, 7, 2.5):
        raise Failed("the stack did not come up")
    found = note(tmp_path)
    assert (found.identical, found.submissions, found.rpo_seconds) == (False, 7, 2.5)
    assert 0 <= found.seconds < 60


def test_what_came_back_as_it_was_is_identical(tmp_path: Path) -> None:
    with noted(tmp_path, 7, 2.5) as course:
        seconds = course.all_is_ready()
        compare(Teller(), course, SEEN, SEEN, [])
    assert (note(tmp_path).identical, note(tmp_path).seconds) == (True, seconds)


@pytest.mark.parametrize(("board", "missing"), [([], []), (SEEN.board, ["submission"])], ids=["differs", "lost"])
def test_what_came_back_otherwise_or_not_at_all_is_not(
    tmp_path: Path, board: list[dict[str, Any]], missing: list[str]
) -> None:
    after = replace(SEEN, board=board)
    with pytest.raises(Failed), noted(tmp_path, 7, 2.5) as course:
        compare(Teller(), course, SEEN, after, missing)
    assert not note(tmp_path).identical
