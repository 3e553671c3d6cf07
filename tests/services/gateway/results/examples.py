"""A result to write, in any edition and with any words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.gateway.families import named
from services.gateway.results.result import Place, Result
from shared.challenge import Challenge, read_challenge
from shared.report import Interval
from tests.services.gateway.conftest import TINY

IMAGENET = "ImageNet Large Scale Visual Recognition Challenge 2012"
SUBMISSION = UUID("7a6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11")
PAGE = f"https://holdout.example/challenges/tiny/classification/test/entries/{SUBMISSION}"
AT = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
METRICS = {"top_1_error": 0.22394, "top_5_error": 0.06178}
INTERVALS = {
    "top_5_error": {"95": Interval(low=0.05972, high=0.06386), "99.9": Interval(low=0.05826, high=0.06536)},
}


def edition(title: str = IMAGENET, **task: Any) -> Challenge:
    """The tiny challenge under another title, its task changed."""
    challenge = read_challenge(TINY)
    rules = challenge.tasks["classification"].model_copy(update=task)
    return challenge.model_copy(update={"title": title, "tasks": {"classification": rules}})


def result(
    method: str = "ResNet-152@v2",
    metrics: Mapping[str, float] | None = None,
    intervals: Mapping[str, Mapping[str, Interval]] | None = None,
    challenge: Challenge | None = None,
    **changed: Any,
) -> Result:
    """A result as a scorer might have found it."""
    words: dict[str, Any] = {
        "submission": SUBMISSION,
        "team": "MSRA",
        "description": "",
        "track": "provided",
        "labels": "ilsvrc",
        "scorer": "0.2.0",
        "truth": "1" * 64,
        "definition": "0" * 64,
        "digest": "2" * 64,
        "report": "3" * 64,
        "created_at": AT,
        "finished_at": AT,
        "published_at": AT,
        "url": PAGE,
    }
    return Result(
        method=method,
        named=named(method),
        place=Place(challenge or edition(), "classification", "test"),
        metrics=METRICS if metrics is None else metrics,
        intervals=INTERVALS if intervals is None else intervals,
        **(words | changed),
    )
