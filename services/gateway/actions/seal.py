"""The end of an upload that got through: its place is spent and it is queued, unless an earlier one holds its bytes.

    spend ─▶ row `sealed` + evaluation + outbox          or          row `abandoned`, place released, bytes deleted

Either is one transaction; of two equal uploads that end at once, the second waits and finds the first. A submission
that is sealed already is what it is: whoever comes late with its bytes changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.actions.entries import give_back
from services.gateway.actions.evaluate import queue_evaluation
from services.gateway.desk import Desk
from services.gateway.intake import Sealed
from services.gateway.store import batches, challenges, line, requests, submissions, uploads
from services.gateway.store.challenges import Venue
from services.gateway.tables import SubmissionRow
from shared import keys
from shared.errors import Conflict
from shared.messages import Settlement, Standing
from shared.version import VERSION

Fence = Callable[[Session], None]
"""Raises when somebody else has taken over what is being sealed; if not, nobody does until the transaction ends."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a request came to: a submission that was sealed for it, or an earlier one of the same bytes.

    `standing` is what the team has left; None where it was not needed to know it. `answer` is the body of the first
    answer, where the request is one that was answered before; `replayed`, whether it is a repeated one.
    """

    submission: UUID
    standing: Standing | None
    reused: bool = False
    replayed: bool = False
    answer: str | None = None


def seal(desk: Desk, submission: UUID, venue: Venue, sealed: Sealed, fence: Fence | None = None) -> Accepted:
    """Seal an open submission to `venue` whose bytes are stored, or drop it for an earlier one of the same bytes.

    Raises `Conflict` when it was given up, its place is lost, or the split has closed, and what `fence` raises.
    """
    now = desk.clock()
    name = venue.published.challenge.name
    with desk.database.begin() as session:
        # What was published while the upload lasted counts; what is published next will find it sealed.
        challenges.hold_still(session, name)
        current = challenges.venue(session, name, venue.task_name, venue.split_name)
        # First the upload, then its submission: in this order whoever completes it locks them, too.
        if fence is not None:
            fence(session)
        row = submissions.hold(session, submission)
        if row.state == "sealed":
            return Accepted(submission, None)
        submissions.hold_same(session, row.team_id, sealed.digest)
        earlier = submissions.same(session, row.team_id, current, row.labels, sealed.digest, VERSION)
        if earlier is not None:
            _drop(desk, session, row, earlier, sealed, now)
        elif current.truth is None or not submissions.seal(session, submission, sealed, now):
            raise _given_up()
        else:
            # The ledger first: the team's turn is held from there to the commit, and may wait for nobody.
            standing = _spend(desk, row, venue)
            line.hold_turn(session, row.team_id)
            queue_evaluation(session, row, current.published, current.truth, now)
            return Accepted(submission, standing)
    return Accepted(earlier, desk.allowance.standing(row.team_id, venue.split.limits), reused=True)


def _spend(desk: Desk, row: SubmissionRow, venue: Venue) -> Standing:
    """The place is taken for good; a file that joined an entry has none of its own to spend."""
    if row.entry_id is not None:
        return desk.allowance.standing(row.team_id, venue.split.limits)
    return desk.allowance.settle(row.id, Settlement(to="spent")).standing


def _drop(desk: Desk, session: Session, row: SubmissionRow, earlier: UUID, sealed: Sealed, now: datetime) -> None:
    """Let the earlier submission stand for this one, which costs nothing and leaves nothing."""
    if not submissions.give_up(session, row.id, sealed):
        raise _given_up()
    give_back(desk, session, row, "ours")
    uploads.point_to(session, row.id, earlier)
    requests.point_to(session, row.id, earlier)
    if row.published_at is not None:
        submissions.publish(session, earlier, now)
    # After it: boards are locked before batches.
    batches.point_to(session, row.id, earlier)
    # Before the commit: should that fail, the submission is abandoned anyway; after it, nobody would look again.
    desk.storage.delete(keys.SUBMISSIONS, row.object_key)


def _given_up() -> Conflict:
    return Conflict("upload-expired", "the upload was given up: it took too long, or the split closed", "submit again")
