"""The states add up: every state is open or final, and every outcome says whose fault it is."""

from services.gateway.lifecycle import EVALUATION_STATES, FAULT, FINAL_STATES, OPEN_STATES


def test_every_state_of_an_evaluation_is_either_open_or_final() -> None:
    assert sorted(OPEN_STATES + FINAL_STATES) == sorted(EVALUATION_STATES)


def test_only_a_score_keeps_its_place() -> None:
    assert set(FAULT) == set(FINAL_STATES)
    assert FAULT == {"scored": None, "rejected": "theirs", "failed": "ours"}
