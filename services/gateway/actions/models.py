"""One model of a batch: take its file as every other file is taken, and note why it was not.

    wanted ─▶ linked to a submission in the transaction that opens (or finds) it      or      `problem` noted

The link is what makes each model one submission, however many send it at once. An upload that comes to nothing lets go of
its model, which is wanted again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.remember import Key
from services.gateway.actions.seal import Accepted
from services.gateway.actions.submit import Link, Metadata, submit
from services.gateway.actions.uploads import Announced, Begun, open_upload
from services.gateway.desk import Desk
from services.gateway.digestfields import Damaged
from services.gateway.families import spelled
from services.gateway.intake import Incoming
from services.gateway.store import audience, batches
from services.gateway.store.batches import Followed
from services.gateway.store.challenges import Venue
from services.gateway.store.uploads import Opened
from services.gateway.tables import BatchModelRow, BatchRow
from shared.challenge import Numbering
from shared.errors import Busy, Conflict, HoldoutError, Missing, Refused, TooLarge, TooMany, Unavailable
from shared.problems import problem_content

_MAY_COME = ("wanted", "uploading", "failed")
"""The states of a model with a submission in which its file may come though: whoever sends it may have broken off."""

_FILE_S_FAULT = {"gzip-broken", "submission-empty"}
"""What makes every further try of the same bytes useless; beside `TooLarge`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model whose file may come now, and where it goes."""

    team: UUID
    venue: Venue
    model: BatchModelRow

    @property
    def metadata(self) -> Metadata:
        """What the manifest says of it, as of every submission."""
        model = self.model
        return Metadata(
            method=spelled(model.name, model.revision or ""),
            description=model.description,
            track=model.track,
            publish=model.publish,
            labels=cast(Numbering, model.labels),
            participating=model.participating,
        )

    @property
    def link(self) -> Link:
        """Lets a submission stand for it; raises `Busy` where another does."""

        def link(session: Session, submission: UUID, known: bool) -> None:
            if not batches.link(session, self.model.batch_id, self.model.index, submission, known):
                raise taken()

        return link


def owned(desk: Desk, team: UUID, batch: UUID) -> BatchRow:
    """A batch of the team's; raises `Missing` for others' as for none."""
    with desk.database.begin() as session:
        row = batches.find(session, batch)
    if row is None or row.team_id != team:
        raise Missing("no-such-batch", f"your team has no batch {batch}", "GET /v1/batches lists them")
    return row


def wanted(desk: Desk, team: UUID, batch: UUID, index: int) -> Wanted | UUID:
    """A model whose file may come, unless another request sends it, which shows in time; or its submission, if that counts.

    Raises `Missing`, and `Conflict` where the manifest is wrong about it.
    """
    row = owned(desk, team, batch)
    with desk.database.begin() as session:
        found = batches.model(session, batch, index)
        if found is None:
            raise Missing("no-such-model", f"the batch has no model {index}", f"GET /v1/batches/{batch} lists them")
        if found.model.digest is None:
            raise Conflict(
                "model-refused",
                f"model {index} is refused as the manifest says it; its `problem` says why",
                "mend the manifest and post it again",
            )
        if found.submission is not None and found.state not in _MAY_COME:
            return found.submission.id
        venue = audience.venue(session, row.challenge, row.task, row.split, team)
        if found.submission is not None and not _lets_go(session, venue, found):
            return found.submission.id
    return Wanted(team, venue, found.model)


def _lets_go(session: Session, venue: Venue, found: Followed) -> bool:
    """Whether the submission that a model has makes room for its file: nothing came of it, or it broke off."""
    if found.state == "failed" and not batches.may_come_anew(session, venue, found):
        return False
    if found.state != "uploading":
        batches.unlink(session, found)
    return True


async def take_file(desk: Desk, wanted: Wanted, file: Incoming) -> None:
    """Take the file of a model; what it is refused for is noted, and raised.

    Raises as `submit` does, and `Busy` when somebody else was quicker.
    """
    model = wanted.model
    told = replace(file, digest=model.digest)
    try:
        await submit(desk, wanted.team, wanted.venue, wanted.metadata, told, link=wanted.link)
    except Busy:
        raise
    except HoldoutError as error:
        await run_in_threadpool(note, desk, [wanted], error)
        raise


def open_file(
    desk: Desk, wanted: Wanted, announced: Announced, write: Callable[[Opened], str], key: Key | None
) -> Begun | Accepted:
    """Open an upload in parts for the file of a model; raises as `open_upload` does, which is noted, and `Busy`."""
    told = replace(announced, digest=wanted.model.digest)
    try:
        return open_upload(desk, wanted.team, wanted.venue, wanted.metadata, told, write, key, wanted.link)
    except Busy:
        raise
    except HoldoutError as error:
        note(desk, [wanted], error)
        raise


def note(desk: Desk, models: Sequence[Wanted], error: HoldoutError) -> None:
    """Write down why these are not taken: refused for good, or still wanted."""
    content = problem_content(error)
    if (wait := _retry_after_seconds(error)) is not None:
        content["retry_after_seconds"] = wait
    with desk.database.begin() as session:
        for one in models:
            batches.note(session, one.model.batch_id, one.model.index, content, _is_refused(one.venue, error))


def _is_refused(venue: Venue, error: HoldoutError) -> bool:
    """Whether that ends it until the manifest is posted again. The rate limit of an open split only means later."""
    if isinstance(error, TooMany):
        return venue.split.held_out
    lasting = isinstance(error, TooLarge) or error.code in _FILE_S_FAULT
    return isinstance(error, Refused) and not isinstance(error, Damaged) and lasting


def _retry_after_seconds(error: HoldoutError) -> int | None:
    """When to come back; None where there is no use in it."""
    if isinstance(error, TooMany):
        return error.waiting.retry_after_seconds
    return error.retry_after_seconds if isinstance(error, Unavailable) else None


def taken() -> Busy:
    """The refusal of a second hand at the same model."""
    return Busy(
        "model-taken",
        "another request is sending this model",
        "look at the batch as soon as that has ended: GET it, or follow its events",
    )
