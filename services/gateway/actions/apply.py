"""Apply what a scorer says of an attempt. Called by the outcomes route, and by the sweep when the bell was lost.

The report in S3 is the truth about the score; it counts once, for the current attempt of an open evaluation.
"""

import logging
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.gateway.actions.entries import give_back
from services.gateway.actions.forgive import forgives
from services.gateway.desk import Desk
from services.gateway.lifecycle import FAULT
from services.gateway.reports import report_of
from services.gateway.store import events, losses, outbox, submissions
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.database import notify
from shared.digests import digest_of
from shared.errors import Broken
from shared.messages import Notice
from shared.report import AVERAGE_PRECISION, REPORT_BYTES, Report

log = logging.getLogger(__name__)


def apply_notice(desk: Desk, notice: Notice) -> bool:
    """Apply one notice; True when its attempt is (or was just now) the one that counts, or its report is made anew."""
    if notice.kind == "done":
        return apply_report(desk, notice.evaluation, notice.attempt, notice.timings)
    changes: dict[str, Any] = {"scorer": notice.scorer}
    if notice.stage is not None:
        changes["stage"] = notice.stage
    with desk.database.one_by_one() as session:
        heard = submissions.hear(session, notice.evaluation, notice.attempt, changes, desk.clock())
        return heard or losses.is_awaited(session, notice.evaluation, notice.attempt)


def apply_report(desk: Desk, evaluation: UUID, attempt: int, timings: dict[str, float]) -> bool:
    """Conclude the evaluation by the report that this attempt left in S3; raises `Missing` when there is none."""
    content = report_of(desk.storage, evaluation, attempt, REPORT_BYTES)
    try:
        report = Report.model_validate_json(content)
    except ValidationError as error:
        raise Broken(
            "report-unreadable", f"the report of {evaluation} is none that this gateway reads: {error}"
        ) from error
    digest = digest_of(content)
    changes = {
        "state": report.outcome,
        "report_digest": digest,
        "scorer_version": report.provenance.scorer,
        "metrics": report.metrics,
        "intervals": report.model_dump(mode="json", include={"intervals"})["intervals"],
        "categories": _contested(report),
        "failure": report.failure.model_dump(mode="json") if report.failure else None,
        "fault_count": report.fault_count,
        "notes": report.model_dump(mode="json", include={"notes"})["notes"],
        "timings": timings,
    }
    return conclude(desk, evaluation, attempt, changes, report)


def _contested(report: Report) -> dict[str, float | None] | None:
    """What categories are won by, category by category; None where the task has no such figure."""
    lines = [line for line in report.categories if AVERAGE_PRECISION in line.metrics]
    return {str(line.id): line.metrics[AVERAGE_PRECISION] for line in lines} or None


def conclude(desk: Desk, evaluation: UUID, attempt: int, changes: dict[str, Any], report: Report | None = None) -> bool:
    """Bring an open evaluation to its outcome: state, refund, event and bell in one transaction. False when stale.

    `report` is None where no scorer gave one.
    """
    with desk.database.begin() as session:
        concluded = submissions.conclude(session, evaluation, attempt, changes, desk.clock())
        if concluded is None:
            _watch_for_contradiction(session, evaluation, attempt, changes)
            return False
        submission = session.get_one(SubmissionRow, concluded)
        if submissions.is_first(session, evaluation, concluded):
            forgiven = report is not None and forgives(session, submission, evaluation, report, desk.clock())
            fault = "theirs" if forgiven else FAULT[changes["state"]]
            if fault is not None:
                give_back(desk, session, submission, fault)
        _announce(session, desk, submission, evaluation, changes)
        # Redis has room for the next one.
        outbox.wake(session, "evaluate")
    return True


def _announce(
    session: Session, desk: Desk, submission: SubmissionRow, evaluation: UUID, changes: dict[str, Any]
) -> None:
    data = {
        "submission": str(submission.id),
        "evaluation": str(evaluation),
        "challenge": submission.challenge,
        "task": submission.task,
        "split": submission.split,
        "method": submission.method,
        "outcome": changes["state"],
        "metrics": changes.get("metrics") or {},
        "failure": changes.get("failure"),
        "forgiven": submission.forgiven_at is not None,
        "report": f"{desk.settings.public_url}/v1/submissions/{submission.id}/report",
    }
    events.tell(session, submission, f"evaluation.{changes['state']}", data, desk.clock())
    notify(session, submissions.CHANNEL, str(submission.id))


def _watch_for_contradiction(session: Session, evaluation: UUID, attempt: int, changes: dict[str, Any]) -> None:
    """The same attempt heard twice is usual; with another digest it is an alarm: scoring must be deterministic."""
    row = session.get(EvaluationRow, evaluation)
    digests = {row.report_digest if row and row.attempt == attempt else None, changes.get("report_digest")} - {None}
    if len(digests) > 1:
        log.error("ALARM: attempt %s of evaluation %s reported two different results: %s", attempt, evaluation, digests)
