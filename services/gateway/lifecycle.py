"""The states of a submission and of an evaluation, and which may follow which. Pure.

submission   open ──▶ sealed | abandoned
evaluation   queued ──▶ running ──▶ scored | rejected | failed      (queued may end directly: `started` can be lost)
"""

from typing import Literal, get_args

SubmissionState = Literal["open", "sealed", "abandoned"]
EvaluationState = Literal["queued", "running", "scored", "rejected", "failed"]
Outcome = Literal["scored", "rejected", "failed"]

Progress = Literal["uploading", "queued", "running", "scored", "rejected", "failed", "abandoned"]
"""How far whatever took a place has come: its upload, then its evaluation."""

ModelState = Literal["wanted", "refused", "uploading", "sealed", "queued", "running", "scored", "rejected", "failed"]
"""How far a model of a batch has come: before there is a submission of it `wanted` or `refused`."""

ReturnedFor = Literal["rejected", "failed", "forgiven", "refused", "cut", "reused"]
"""Why a place came back. After its file was sealed: the file's fault, ours, or scored and forgiven all the same. Before:
the body was refused, the upload broke off, or an earlier submission holds the same bytes."""

SUBMISSION_STATES: tuple[str, ...] = get_args(SubmissionState)
EVALUATION_STATES: tuple[str, ...] = get_args(EvaluationState)

OPEN_STATES: tuple[EvaluationState, ...] = ("queued", "running")
FINAL_STATES: tuple[EvaluationState, ...] = ("scored", "rejected", "failed")

FINISHED_STATES: tuple[ModelState, ...] = ("refused", *FINAL_STATES)
"""Those of a model to which nothing more happens by itself."""

FAULT: dict[Outcome, Literal["theirs", "ours"] | None] = {"scored": None, "rejected": "theirs", "failed": "ours"}
"""Whose fault an outcome is: decides whether the place is given back, and whether that counts as forgiven."""

FRUITLESS: tuple[Outcome, ...] = tuple(outcome for outcome, fault in FAULT.items() if fault)
"""The outcomes by which a place comes back."""
