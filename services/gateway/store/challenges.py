"""Queries for published definitions and the digests of their truths."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from services.gateway.tables import ChallengeRow, TruthRow
from shared.challenge import Challenge, Split, Task
from shared.digests import canonical_json
from shared.errors import Missing

_DEFINITIONS: dict[str, Challenge] = {}
"""Parsed definitions by digest. They never change, and a server has tens of them at most."""


@dataclass(frozen=True, slots=True)
class Published:
    """A definition as it stands in the database, with the truths it has: (task, split) → digest."""

    challenge: Challenge
    digest: str
    truths: dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Venue:
    """Where a submission goes: one split of one task of one published challenge. `truth` is None while it has none."""

    published: Published
    task_name: str
    split_name: str
    task: Task
    split: Split
    truth: str | None


def newest(session: Session, name: str) -> Published:
    """The version of `name` that takes submissions; raises `Missing`."""
    version = select(func.max(ChallengeRow.version)).where(ChallengeRow.name == name).scalar_subquery()
    of_version = (TruthRow.challenge == ChallengeRow.name) & (TruthRow.version == ChallengeRow.version)
    rows = session.execute(
        select(ChallengeRow, TruthRow)
        .outerjoin(TruthRow, of_version)
        .where(ChallengeRow.name == name, ChallengeRow.version == version)
    ).all()
    if not rows:
        raise no_such_challenge(name)
    row: ChallengeRow = rows[0][0]
    joined: list[TruthRow | None] = [found[1] for found in rows]
    truths = {(truth.task, truth.split): truth.digest for truth in joined if truth is not None}
    return Published(_definition(row), row.digest, truths)


def no_such_challenge(name: str) -> Missing:
    """What is answered for a name that there is no challenge of, or none that the asking team may see."""
    remedy = "GET /v1/challenges lists them; a private one shows itself to keys of the teams that it invites"
    return Missing("no-such-challenge", f"there is no challenge {name!r}", remedy)


def all_newest(session: Session) -> Sequence[Published]:
    """The newest version of every challenge, by name."""
    newest_versions = select(ChallengeRow.name, func.max(ChallengeRow.version)).group_by(ChallengeRow.name)
    rows = session.scalars(
        select(ChallengeRow)
        .where(tuple_(ChallengeRow.name, ChallengeRow.version).in_(newest_versions))
        .order_by(ChallengeRow.name)
    )
    return [_published(session, row) for row in rows.all()]


def version_of(session: Session, name: str, version: int) -> ChallengeRow | None:
    """One version of a challenge."""
    return session.get(ChallengeRow, (name, version))


def definition_of(session: Session, name: str, version: int) -> Challenge:
    """One version's definition, which is there."""
    return _definition(session.get_one(ChallengeRow, (name, version)))


def definition_by(session: Session, name: str, version: int, digest: str) -> Challenge:
    """The same by its digest as well, so that a definition that was read before is not read again."""
    return _DEFINITIONS.get(digest) or definition_of(session, name, version)


def task_of(published: Published, task: str) -> Task:
    """A task by name; raises `Missing` with what there is instead."""
    tasks = published.challenge.tasks
    if task not in tasks:
        raise Missing("no-such-task", f"{published.challenge.name} has no task {task!r}", f"it has: {', '.join(tasks)}")
    return tasks[task]


def venue(session: Session, challenge: str, task: str, split: str) -> Venue:
    """The split that an address names; raises `Missing` with what there is instead."""
    published = newest(session, challenge)
    rules = task_of(published, task)
    if split not in rules.splits:
        known = ", ".join(rules.splits)
        raise Missing("no-such-split", f"{challenge}/{task} has no split {split!r}", f"it has: {known}")
    truth = published.truths.get((task, split))
    return Venue(published, task, split, rules, rules.splits[split], truth)


def hold_still(session: Session, name: str) -> None:
    """Until this transaction ends, nobody publishes a version of `name`; others may hold it still as well."""
    session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(name))))


def lock_for_publishing(session: Session, name: str) -> None:
    """Until this transaction ends, nobody seals a submission to `name`."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def versions_of(session: Session, name: str) -> Sequence[int]:
    """The published versions of a challenge, oldest first."""
    return session.scalars(
        select(ChallengeRow.version).where(ChallengeRow.name == name).order_by(ChallengeRow.version)
    ).all()


def truths_of(session: Session, name: str, version: int) -> dict[tuple[str, str], str]:
    """The digests of this version's truths, by (task, split)."""
    rows = session.scalars(select(TruthRow).where(TruthRow.challenge == name, TruthRow.version == version))
    return {(row.task, row.split): row.digest for row in rows}


def _published(session: Session, row: ChallengeRow) -> Published:
    return Published(_definition(row), row.digest, truths_of(session, row.name, row.version))


def _definition(row: ChallengeRow) -> Challenge:
    if row.digest not in _DEFINITIONS:
        _DEFINITIONS[row.digest] = Challenge.model_validate_json(canonical_json(row.definition))
    return _DEFINITIONS[row.digest]
