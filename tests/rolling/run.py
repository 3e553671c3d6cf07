"""Restarts services in turn under load by the operator's command, and judges: no request failed, no file was lost."""

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.gateway.desk import Desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables.outbox import EventRow
from services.gateway.tables.submissions import EvaluationRow
from tests.rolling.clients import IMAGES
from tests.rolling.record import Asked, Record
from tests.stacks import Stack

SERVICES = ("gateway", "quota", "courier", "scorer-1", "scorer-2")

TOLD = re.compile(r"ready in ([\d.]+) s; the old one left in ([\d.]+) s")


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart: when it began and ended, how long the new process took to be ready, and the old one to leave."""

    service: str
    began: float
    ended: float
    ready_seconds: float
    left_seconds: float


def restart(stack: Stack, service: str) -> Restart:
    """Restart `service`; fails unless a new process takes over and the old one leaves by itself."""
    before, began = stack.pid(service), time.monotonic()
    said = stack.order("restart", service)
    told = TOLD.search(said)
    assert told, f"{service} was not handed over: {said}"
    assert stack.pid(service) != before
    return Restart(service, began, time.monotonic(), float(told[1]), float(told[2]))


def roll(stack: Stack, rounds: int) -> Iterator[Restart]:
    """Every service in turn, so many times."""
    for _ in range(rounds):
        for service in SERVICES:
            yield restart(stack, service)


def assert_nothing_failed(record: Record) -> None:
    """Every request was answered with 2xx."""
    assert not record.failures, "\n".join(_told(asked) for asked in record.failures[:20])


def assert_scored_once(desk: Desk, record: Record, until: Callable[[Callable[[], bool]], None]) -> None:
    """Every accepted file has one evaluation, with its own score, and one event that tells of it."""
    ids = [UUID(submission) for submission in record.accepted]

    until(lambda: not any(one.state in OPEN_STATES for one in _evaluations(desk, ids)))
    evaluations = _evaluations(desk, ids)
    assert len(evaluations) == len(ids)
    found = {str(one.submission_id): (one.state, (one.metrics or {}).get("top_1_error")) for one in evaluations}
    assert found == {submission: ("scored", wrong / IMAGES) for submission, wrong in record.accepted.items()}
    told = select(EventRow.submission_id).where(EventRow.submission_id.in_(ids), EventRow.type.like("evaluation.%"))
    with desk.database.begin() as session:
        assert Counter(session.scalars(told)) == Counter(ids)


def table(record: Record, restarts: Sequence[Restart]) -> str:
    """What each service's restarts took, and what was asked meanwhile, as Markdown."""
    rows = ["| restarted | times | ready, median | left, median | left, longest | requests meanwhile | failed | slowest |",
            "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for service in dict.fromkeys(one.service for one in restarts):
        mine = [one for one in restarts if one.service == service]
        asked = [each for one in mine for each in record.between(one.began, one.ended) if "stream" not in each.what]
        left = [one.left_seconds for one in mine]
        rows.append(
            f"| {service} | {len(mine)} | {statistics.median(one.ready_seconds for one in mine):.1f} s "
            f"| {statistics.median(left):.1f} s | {max(left):.1f} s | {len(asked)} "
            f"| {sum(each.failure is not None for each in asked)} | {_slowest(asked):.1f} s |"
        )
    counts = f"{len(record.asked)} requests in all, {len(record.failures)} failed"
    rows.append(f"\n{counts}; {len(record.accepted)} files accepted")
    return "\n".join(rows)


def _slowest(asked: Sequence[Asked]) -> float:
    """Of those that do not wait for something else than us: a score, or their own slow sending."""
    return max(each.seconds for each in asked if "/v1/submissions/" not in each.what and "slowly" not in each.kind)


def _told(asked: Asked) -> str:
    return f"{asked.kind}: {asked.what} after {asked.seconds:.2f} s: {asked.failure}"


def _evaluations(desk: Desk, submissions: Sequence[UUID]) -> Sequence[EvaluationRow]:
    with desk.database.begin() as session:
        return session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id.in_(submissions))).all()
