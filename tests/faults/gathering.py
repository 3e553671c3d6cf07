"""Collects the evidence: reads every store, past all lines, once everything is quiet."""

import contextlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import func, select

from services.gateway.desk import Desk
from services.gateway.tables import ChallengeRow, EvaluationRow, EventRow, SubmissionRow, TeamRow
from services.quota.tables import postings
from shared import keys
from shared.database import Database
from shared.digests import digest_of
from shared.errors import Missing
from shared.messages import event_name
from shared.report import REPORT_BYTES
from shared.storage import Storage
from tests.faults.evidence import Evaluation, Evidence, Heard, Posting, Submission, Told
from tests.faults.history import read_history, read_lines
from tests.stacks import Stack

AT_ONCE = 8
"""Reports read side by side."""


def gather(stack: Stack, desk: Desk, teams: dict[str, str], history: Path, heard: Path) -> Evidence:
    """All there is of `teams`, name → API key."""
    with desk.database.begin() as session:
        ids = {row.id: row.name for row in session.scalars(select(TeamRow).where(TeamRow.name.in_(teams)))}
        rows = list(session.scalars(select(SubmissionRow).where(SubmissionRow.team_id.in_(ids))))
        mine = [row.id for row in rows]
        judged = list(session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id.in_(mine))))
        events = list(session.scalars(select(EventRow).where(EventRow.team_id.in_(ids))))
        versions = session.execute(
            select(ChallengeRow.name, func.max(ChallengeRow.version)).group_by(ChallengeRow.name)
        )
        newest = {row[0]: row[1] for row in versions}
    with closing(Storage(stack.addresses.storage_address("admin"))) as storage, ThreadPoolExecutor(AT_ONCE) as pool:
        objects = set(storage.keys(keys.SUBMISSIONS))
        reports = _reports(storage, pool)
        kept = list(pool.map(lambda row: _submission(row, ids, objects, storage), rows))
        challenges = {row.id: row.challenge for row in rows}

        def evaluation(row: EvaluationRow) -> Evaluation:
            return _evaluation(row, challenges[row.submission_id], reports.pop(str(row.id), {}), storage)

        evaluations = list(pool.map(evaluation, judged))
    return Evidence(
        history=read_history(history),
        submissions=kept,
        evaluations=evaluations,
        events=[_told(row, ids) for row in events],
        postings=_postings(stack, ids),
        heard=[_heard(line) for line in read_lines(heard)],
        feeds={name: _feed(stack.gateway_url, key) for name, key in teams.items()},
        stray_reports=sorted(reports),
        newest=newest,
    )


def _reports(storage: Storage, pool: ThreadPoolExecutor) -> dict[str, dict[int, str]]:
    """Digests of all reports that a listing has, by evaluation and attempt."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    names = [key for key in storage.keys(keys.REPORTS) if key.endswith(".json")]
    digests = pool.map(lambda key: digest_of(storage.read(keys.REPORTS, key, REPORT_BYTES)), names)
    for key, digest in zip(names, digests, strict=True):
        evaluation, attempt = key.removesuffix(".json").split(".")
        found[evaluation][int(attempt)] = digest
    return found


def _submission(row: SubmissionRow, teams: dict[UUID, str], objects: set[str], storage: Storage) -> Submission:
    is_listed = row.object_key in objects
    return Submission(
        id=str(row.id),
        team=teams[row.team_id],
        task=row.task,
        split=row.split,
        state=row.state,
        digest=row.digest,
        created_at=row.created_at,
        sealed_at=row.sealed_at,
        challenge=row.challenge,
        forgiven=row.forgiven_at is not None,
        has_object=is_listed or storage.exists(keys.SUBMISSIONS, row.object_key),
        is_listed=is_listed,
    )


def _evaluation(row: EvaluationRow, challenge: str, listed: dict[int, str], storage: Storage) -> Evaluation:
    """With all that its attempts left in S3: what no listing has is asked for by its key."""
    unlisted = {}
    for attempt in set(range(1, row.attempt + 1)) - set(listed):
        with contextlib.suppress(Missing):
            content = storage.read(keys.REPORTS, keys.report_key(row.id, attempt), REPORT_BYTES)
            unlisted[attempt] = digest_of(content)
    return Evaluation(
        id=str(row.id),
        submission=str(row.submission_id),
        state=row.state,
        attempt=row.attempt,
        report_digest=row.report_digest,
        metrics=row.metrics or {},
        reports=listed | unlisted,
        version=row.version,
        challenge=challenge,
        created_at=row.created_at,
        unlisted=tuple(unlisted),
    )


def _told(row: EventRow, teams: dict[UUID, str]) -> Told:
    assert row.sequence is not None, "no endpoint is disabled in a run"
    return Told(
        id=event_name(row.id),
        team=teams[row.team_id],
        position=row.position,
        submission=str(row.submission_id),
        evaluation=str(row.data["evaluation"]),
        sequence=row.sequence,
        type=row.type,
    )


def _postings(stack: Stack, teams: dict[UUID, str]) -> list[Posting]:
    with closing(Database(stack.addresses.database_url("quota"), "faults", 1)) as ledger, ledger.begin() as session:
        rows = session.execute(select(postings).where(postings.c.team.in_(teams))).all()
    return [Posting(str(row.submission), teams[row.team], row.pool, row.kind, row.at) for row in rows]


def _heard(line: dict[str, Any]) -> Heard:
    return Heard(**{name: line[name] for name in Heard.__dataclass_fields__})


def _feed(url: str, key: str) -> list[str]:
    """The ids of a team's events, page by page."""
    found: list[str] = []
    after = 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30) as http:
        while True:
            page = http.get("/v1/events", params={"after": after, "limit": 100}).raise_for_status().json()
            events = page["items"] if "items" in page else page["events"]
            if not events:
                return found
            found.extend(event["id"] for event in events)
            after = events[-1]["position"]
