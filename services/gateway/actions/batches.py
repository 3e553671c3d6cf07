"""A batch: a manifest of many models becomes one submission a model, once, however often the manifest is posted.

    rows ─▶ what is known stands in at once ─▶ inline predictions are submitted ─▶ the rest is wanted, or refused

A model is taken by the deeds of `models.py`. Posting the same manifest again begins where the batch stands: what was
refused for a while, never came, or failed on our side is wanted anew.
"""

import asyncio
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.models import Wanted, note, take_file, wanted
from services.gateway.actions.receive import refuse_announced
from services.gateway.actions.submit import refuse_closed, stand_in
from services.gateway.deadlines import TooSlow, in_time
from services.gateway.desk import Desk
from services.gateway.formparts import FormParts
from services.gateway.intake import Incoming
from services.gateway.manifests.manifest import Draft, Manifest
from services.gateway.store import batches, submissions
from services.gateway.store.challenges import Venue
from services.gateway.tables import BatchModelRow, BatchRow
from shared.errors import Busy, HoldoutError, Refused, TooLarge, TooMany, Unavailable
from shared.problems import problem_content

AT_ONCE = 4
"""Inline models on their way side by side: half of the threads that ask the ledger. One for a held-out split, in order."""

TAKING_SECONDS = 20.0
"""How long a request takes inline models in; the rest waits for the next. Below the idle limits of proxies and clients."""

LOOKED_UP = 50
"""Models looked up in one transaction, some two queries each."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The batch of a manifest; whether this request made it; and by the name of each file that the manifest names, the models
    that wait for it. Small: the files may take long to come.
    """

    batch: UUID
    created: bool
    files: Mapping[str, Sequence[int]]


async def post(
    desk: Desk, team: UUID, venue: Venue, manifest: Manifest, taking_seconds: float = TAKING_SECONDS
) -> Begun:
    """Make the batch of a manifest, or go on with the one there is; takes what is known, and what is inline as long as there
    is time.

    Raises `Conflict` when the split takes no submissions. Everything else is said model by model.
    """
    refuse_closed(venue)
    batch, created, models = await run_in_threadpool(_begin, desk, team, venue, manifest)
    left = await run_in_threadpool(_look_up, desk, models)
    inline = [(one, content) for one in left if (content := manifest.models[one.model.index].inline) is not None]
    await _take(desk, inline, taking_seconds)
    return Begun(batch, created, _awaited(manifest, {one.model.index for one in left}))


def _awaited(manifest: Manifest, left: Container[int]) -> dict[str, list[int]]:
    """By the name of a file, those of the models that are left which wait for it."""
    files: dict[str, list[int]] = {}
    for number, draft in enumerate(manifest.models):
        if draft.said and draft.said.file:
            waiting = files.setdefault(draft.said.file, [])
            if number in left and draft.inline is None:
                waiting.append(number)
    return files


def _begin(desk: Desk, team: UUID, venue: Venue, manifest: Manifest) -> tuple[UUID, bool, Sequence[Wanted]]:
    """The batch, whether it is new, and the models that are wanted."""
    now = desk.clock()
    until = now + timedelta(seconds=desk.settings.resumable_seconds)
    refusals = [_refusal(draft, venue) for draft in manifest.models]
    with desk.database.begin() as session:
        batch = BatchRow(
            id=uuid4(),
            team_id=team,
            digest=manifest.digest,
            challenge=venue.published.challenge.name,
            task=venue.task_name,
            split=venue.split_name,
            tolerance=manifest.head.tolerance,
            changes=len(manifest.models),
            created_at=now,
            wanted_until=until,
        )
        rows = [
            _row(batch.id, number, *both) for number, both in enumerate(zip(manifest.models, refusals, strict=True))
        ]
        created = batches.add(session, batch, rows)
    if not created:
        with desk.database.begin() as session:
            batch = batches.of_manifest(session, team, manifest.digest)
            sound = [number for number, refusal in enumerate(refusals) if refusal is None]
            batches.want_anew(session, venue, batch.id, sound, until)
    with desk.database.begin() as session:
        found = batches.models(session, batch.id)
    return batch.id, created, [Wanted(team, venue, one.model) for one in found if one.state == "wanted"]


def _refusal(draft: Draft, venue: Venue) -> Refused | None:
    """Why a model cannot be taken as the manifest says it."""
    if draft.refusal is not None:
        return draft.refusal
    try:
        refuse_announced(draft.size_bytes, venue.task.max_bytes)
    except TooLarge as error:
        return error
    return None


def _row(batch: UUID, number: int, draft: Draft, refusal: Refused | None) -> BatchModelRow:
    said = draft.said
    return BatchModelRow(
        batch_id=batch,
        index=number,
        name=draft.name,
        revision=said.revision if said else None,
        labels=draft.labels,
        description=said.description.strip() if said else "",
        track=said.track if said else "provided",
        publish=bool(said and said.publish),
        participating=bool(said is None or said.participate),
        claimed=said.claimed if said else {},
        file=said.file if said else None,
        digest=None if draft.refusal else draft.digest,
        size_bytes=draft.size_bytes,
        same_as=draft.same_as,
        refused=refusal is not None,
        problem=problem_content(refusal) if refusal else None,
        known=False,
        submission_id=None,
        change=number + 1,
    )


def _look_up(desk: Desk, models: Sequence[Wanted]) -> Sequence[Wanted]:
    """Let earlier submissions of the same bytes stand for these; returns those that have none."""
    with desk.database.begin() as session:
        digests = {one.model.digest for one in models if one.model.digest}
        sent = submissions.sent_among(session, models[0].team, digests) if models else set()
    there = [one for one in models if one.model.digest in sent]
    stood_for: set[int] = set()
    for start in range(0, len(there), LOOKED_UP):
        with desk.database.begin() as session:
            stood_for |= {one.model.index for one in there[start : start + LOOKED_UP] if _stand_in(desk, session, one)}
    return [one for one in models if one.model.index not in stood_for]


def _stand_in(desk: Desk, session: Session, wanted: Wanted) -> bool:
    """Whether an earlier submission stands for it. Where another request was quicker, that has found the same."""
    model = wanted.model
    assert model.digest is not None, "it is not refused"
    earlier = stand_in(desk, session, wanted.team, wanted.venue, wanted.metadata, model.digest, None)
    if earlier is not None:
        batches.link(session, model.batch_id, model.index, earlier, True)
    return earlier is not None


async def _take(desk: Desk, inline: Sequence[tuple[Wanted, bytes]], taking_seconds: float) -> None:
    """Submit inline predictions; when one must wait for room or a place, so must all behind it."""
    if not inline:
        return
    line = iter(inline)
    stopped: list[tuple[Wanted, HoldoutError]] = []
    ends_at = asyncio.get_running_loop().time() + taking_seconds

    async def work() -> None:
        while not stopped and (following := next(line, None)):
            wanted, content = following
            try:
                if asyncio.get_running_loop().time() >= ends_at:
                    raise _out_of_time(taking_seconds)
                await take_file(desk, wanted, Incoming(_once(content), len(content)))
            except (TooMany, Unavailable) as error:
                stopped.append((wanted, error))
            except HoldoutError:
                # Noted where it happened.
                continue

    async with asyncio.TaskGroup() as workers:
        for _ in range(1 if inline[0][0].venue.split.held_out else AT_ONCE):
            workers.create_task(work())
    if stopped:
        behind = [wanted for wanted, _ in (*stopped, *line)]
        # What has the bytes of one that was taken before it needs no place.
        left = await run_in_threadpool(_look_up, desk, behind)
        await run_in_threadpool(note, desk, left, stopped[0][1])


async def take_named(desk: Desk, team: UUID, begun: Begun, form: FormParts) -> None:
    """Take files from a form, each for the model that names it; one that is not needed is passed over.

    Raises `Refused` for a file that no model names or that came before, for what is no form, and for one that is too slow.
    What else is refused is noted model by model.
    """
    came = set[str]()
    while (name := await _next(desk, form)) is not None:
        if name not in begun.files:
            raise Refused(
                "form-file-unknown",
                f"the form has a field {name[:80]!r}, and no model of the manifest names it as its `file`",
                "what came before it is taken; name it in the manifest, or leave it out",
            )
        if name in came:
            raise Refused(
                "form-file-repeated",
                f"the form has more than one field {name[:80]!r}",
                "what came before it is taken; name each file differently",
            )
        came.add(name)
        try:
            await _take_for(desk, team, begun.batch, begun.files[name], form)
        except TooSlow:
            raise
        except HoldoutError:
            # Noted where it happened.
            continue


async def _next(desk: Desk, form: FormParts) -> str | None:
    """The name of the next file. It may be behind one that is not needed, and has as long as a file has to come."""
    limit_seconds = desk.settings.upload_seconds
    sentence = f"the form brought no file that is needed for {limit_seconds} seconds"
    async with in_time(limit_seconds, sentence, "leave out what is `scored` already, and post the same manifest again"):
        return await form.next()


async def _take_for(desk: Desk, team: UUID, batch: UUID, models: Sequence[int], form: FormParts) -> None:
    """Take the present file of a form for the models that wait for it: what is submitted for one stands for the others."""
    found = [await run_in_threadpool(wanted, desk, team, batch, index) for index in models]
    waiting = [one for one in found if isinstance(one, Wanted)]
    if not waiting:
        return
    first, *others = waiting
    try:
        await take_file(desk, first, Incoming(form.blocks()))
    except Busy:
        raise
    except HoldoutError as error:
        await run_in_threadpool(note, desk, others, error)
        raise
    await run_in_threadpool(_look_up, desk, others)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _out_of_time(taking_seconds: float) -> Unavailable:
    return Unavailable(
        "model-not-reached",
        f"the request has taken models in for {taking_seconds:g} seconds, and this one's turn had not come",
        1,
        "post the same manifest again: it goes on with this one",
    )
