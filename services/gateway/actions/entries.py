"""One entry, several files: one for each task that its definition joins, all of them for the first file's place.

    first file ── holds the place            another file, `entry=<the first>` ── holds none

The place comes back when every file has ended and none was scored. Whoever changes that locks the first file's row.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.actions.settle import Fault, return_place
from services.gateway.desk import Desk
from services.gateway.lifecycle import FRUITLESS
from services.gateway.store import entries
from services.gateway.store.challenges import Venue
from services.gateway.tables import SubmissionRow
from shared.errors import Conflict, Missing

MOST_FILES = 20
"""Of an entry, rejected ones included: they may be sent again, and no ledger counts them."""


def join(session: Session, team: UUID, venue: Venue, first: UUID, now: datetime) -> None:
    """See that a file for `venue` may join the entry of `first`, and hold that entry until the transaction ends.

    Raises `Missing` where the team has no such submission, `Conflict` where it cannot be joined.
    """
    row = entries.hold(session, first)
    if row is None or row.team_id != team:
        raise Missing("no-such-submission", f"your team has no submission {first}", "GET /v1/submissions lists them")
    if not _belong_together(venue, row):
        raise Conflict(
            "entry-differs",
            f"a file for {venue.task_name}/{venue.split_name} cannot join an entry of {row.task}/{row.split}",
            "submit it without `entry`; the edition's page says which tasks are joined",
        )
    if row.sealed_at is None or now >= row.sealed_at + timedelta(seconds=venue.split.limits.window_seconds):
        raise _closed(f"{first} holds no place any more")
    files = entries.files(session, first)
    alive = [file for file in files if file.outcome not in FRUITLESS]
    if not alive or row.forgiven_at is not None:
        raise _closed(f"the place of {first} was given back")
    if any(file.task == venue.task_name for file in alive):
        raise _closed(f"the entry of {first} has a file for {venue.task_name} already")
    if len(files) >= MOST_FILES:
        raise _closed(f"the entry of {first} has had {MOST_FILES} files")


def _belong_together(venue: Venue, first: SubmissionRow) -> bool:
    tasks = venue.published.challenge.tasks
    return (
        first.entry_id is None
        and first.challenge == venue.published.challenge.name
        and first.split == venue.split_name
        and first.task in tasks
        and venue.task.entry is not None
        and venue.task.entry == tasks[first.task].entry
    )


def _closed(why: str) -> Conflict:
    return Conflict("entry-closed", why, "submit it without `entry`: it takes a place of its own")


def is_alone(session: Session, submission: SubmissionRow) -> bool:
    """Whether the submission is all of its entry. Holds the entry until the transaction ends."""
    first = submission.entry_id or submission.id
    entries.hold(session, first)
    return len(entries.files(session, first)) <= 1


def give_back(desk: Desk, session: Session, submission: SubmissionRow, fault: Fault) -> None:
    """A file of an entry came to nothing by `fault`: its place comes back, unless another file needs it."""
    first = submission.entry_id or submission.id
    entries.hold(session, first)
    others = [file for file in entries.files(session, first) if file.id != submission.id]
    if all(file.outcome in FRUITLESS for file in others):
        theirs = fault == "theirs" or any(file.outcome == "rejected" for file in others)
        return_place(desk, session, first, "theirs" if theirs else "ours")
