"""Submissions with scores, to be taken away."""

from typing import Any
from uuid import UUID, uuid4

from shared.report import Report
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team

PLACE = "/v1/challenges/tiny/tasks/classification/splits/validation"


def sent(team: Team, method: str = "mine", publish: bool = False) -> dict[str, Any]:
    """A submission that waits for its score, of bytes that nobody sent before."""
    body = f"{uuid4().int % 10**9}\n2\n3\n4\n".encode()
    answer = team.submit(body, split="validation", method=method, publish=str(publish).lower())
    view: dict[str, Any] = answer.raise_for_status().json()["submission"]
    return view


def concluded(team: Team, scorer: Scorer, report: Report | None = None, **said: Any) -> str:
    """The id of a submission with an outcome."""
    view = sent(team, **said)
    assert scorer.conclude(report or reports.scored(), UUID(view["evaluation"]["id"]))
    identity: str = view["id"]
    return identity
