"""The states of a submission and of an evaluation, and which may follow which. Pure.

submission   open ──▶ sealed | abandoned
evaluation   queued ──▶ running ──▶ scored | rejected | failed      (queued may end directly: `started` can be lost)
"""

from typing import Literal, get_args

SubmissionState = Literal["open", "sealed", "abandoned"]
EvaluationState = Literal["queued", "running", "scored", "rejected", "failed"]
Outcome = Literal["scored", "rejected", "failed"]

SUBMISSION_STATES: tuple[str, ...] = get_args(SubmissionState)
EVALUATION_STATES: tuple[str, ...] = get_args(EvaluationState)

OPEN_STATES: tuple[EvaluationState, ...] = ("queued", "running")
FINAL_STATES: tuple[EvaluationState, ...] = ("scored", "rejected", "failed")

FAULT: dict[Outcome, Literal["theirs", "ours"] | None] = {"scored": None, "rejected": "theirs", "failed": "ours"}
"""Whose fault an outcome is: decides whether the place is given back, and whether that counts as forgiven."""
