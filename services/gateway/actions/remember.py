"""The same request again is the same deed: what a team sent under an Idempotency-Key is kept for 30 days.

A key stands for a submission. While that is open and nothing was answered, the request is under way; when it is
abandoned, whoever ended it (a refusal, a cut line, the sweep after a gateway that died), the key is free again.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.store import requests
from services.gateway.store.requests import Remembered
from services.gateway.tables import RequestRow
from shared.digests import canonical_json, digest_of
from shared.errors import Busy, Unreadable


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key of a team's, and the digest of what the request under it says besides the file."""

    team: UUID
    text: str
    parameters: str


def key_of(team: UUID, text: str | None, **parameters: Any) -> Key | None:
    """The key of a request that says `parameters`; None when it has none."""
    return None if text is None else Key(team, text, digest_of(canonical_json(parameters)))


def known(desk: Desk, key: Key) -> Remembered | None:
    """The submission that the key stands for: sealed, or an upload that was opened; None when it is free.

    Raises `Busy` while the first request is under way, `Unreadable` when it said something else.
    """
    with desk.database.begin() as session:
        found = requests.find(session, key.team, key.text)
    if found is None:
        return None
    if found.request.parameters != key.parameters:
        raise mismatch("other parameters")
    if found.submission.state == "open" and found.request.answer is None:
        raise _running()
    return found


def claim(desk: Desk, session: Session, key: Key, submission: UUID, reused: bool = False) -> None:
    """Let the key stand for `submission`, in the caller's transaction; raises `Busy` when somebody was quicker."""
    request = RequestRow(
        team_id=key.team,
        key=key.text,
        parameters=key.parameters,
        submission_id=submission,
        reused=reused,
        answer=None,
        created_at=desk.clock(),
    )
    if not requests.claim(session, request):
        raise _running()


def keep_answer(desk: Desk, key: Key, submission: UUID, content: str) -> str:
    """Keep the answer for those who ask again; returns the one that counts: the first."""
    with desk.database.begin() as session:
        return requests.answer(session, key.team, key.text, submission, content)


def forget(desk: Desk, kept: timedelta) -> int:
    """Forget requests older than `kept`; returns how many.

    Longer than the weekly window: a place that was spent once cannot be spent again by a late retry.
    """
    with desk.database.begin() as session:
        return requests.forget_before(session, desk.clock() - kept)


def mismatch(what: str) -> Unreadable:
    """The key was used for something else."""
    return Unreadable(
        "idempotency-mismatch",
        f"this Idempotency-Key was used for a request with {what}",
        "use a new key for a new request; repeat a request exactly to get its answer again",
    )


def _running() -> Busy:
    return Busy(
        "idempotency-running",
        "the first request under this Idempotency-Key is still under way",
        "wait as long as Retry-After says and send it again",
    )
