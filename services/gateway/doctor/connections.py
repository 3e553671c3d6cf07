"""Connections: PostgreSQL, the ledger with its token, S3, Redis; and whether any scorer gives signs of life."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import text

from services.gateway.doctor.findings import Finding, ok, skipped, trouble, warning
from services.gateway.doctor.patient import Patient, Untold
from services.gateway.store import fleet
from shared import keys
from shared.challenge import Limits
from shared.errors import HoldoutError
from shared.messages import Alive, CheckJob, Job
from shared.queue import Queue
from shared.version import VERSION

NOTHING = ".doctor"
"""A key that no object has."""

PLACES = Limits(pool="doctor", places=1, window_seconds=3600, forgiven_per_day=None)


def check_database(patient: Patient) -> list[Finding]:
    """Whether a query goes through, and how long it takes."""
    mend = "look whether PostgreSQL runs, and whether HOLDOUT_GATEWAY_DATABASE_URL has its host, user and password"
    with patient.database() as database:
        try:
            with database.begin() as session:
                began = time.monotonic()
                session.execute(text("SELECT 1"))
        except HoldoutError as error:
            return [trouble("database", f"{error.sentence}: {_cause(error)}", mend)]
        return [ok("database", f"PostgreSQL answers in {_milliseconds(began)}")]


def check_ledger(patient: Patient) -> list[Finding]:
    """Whether quota answers a question of ours, which needs its token and its tables."""
    with patient.ledger() as ledger:
        began = time.monotonic()
        try:
            ledger.standing(uuid4(), PLACES)
        except HoldoutError as error:
            mend = "look whether quota runs at HOLDOUT_GATEWAY_QUOTA_URL"
            if "401" in error.sentence:
                mend = "HOLDOUT_GATEWAY_QUOTA_TOKEN must be what HOLDOUT_QUOTA_TOKEN is there"
            return [trouble("ledger", error.sentence, mend)]
        return [ok("ledger", f"quota takes our token and answers in {_milliseconds(began)}; its tables are there")]


def check_storage(patient: Patient) -> list[Finding]:
    """Whether S3 answers under the gateway's key."""
    with patient.storage() as storage:
        began = time.monotonic()
        try:
            storage.exists(keys.SUBMISSIONS, NOTHING)
        except HoldoutError as error:
            mend = "look whether S3 runs at HOLDOUT_GATEWAY_S3_ENDPOINT"
            if error.code == "storage-denied":
                mend = "HOLDOUT_GATEWAY_S3_ACCESS_KEY and …_SECRET_KEY must be those of the identity `gateway` there"
            return [trouble("storage", error.sentence, mend)]
        return [ok("storage", f"S3 answers in {_milliseconds(began)}")]


def check_queue(patient: Patient) -> list[Finding]:
    """Whether Redis answers under the courier's name."""
    try:
        address = patient.queue()
    except Untold:
        return [skipped("queue", "only the courier talks to Redis, and its settings are not here", _AT_COURIER)]
    began = time.monotonic()
    try:
        asyncio.run(_ask(Queue(address)))
    except HoldoutError as error:
        mend = (
            f"look whether Valkey runs at {address.host}:{address.port}, with user {address.username} and our password"
        )
        return [trouble("queue", error.sentence, mend)]
    return [ok("queue", f"Redis answers in {_milliseconds(began)}")]


def check_scorers(patient: Patient) -> list[Finding]:
    """How many scorers are alive, in which lanes, by which rules."""
    workers = _workers(patient)
    scorers = [worker for worker in workers if worker.lane == Job.lane]
    if not scorers:
        return [trouble("scorers", "no scorer is alive: evaluations wait", "start one, and read its log if it ends")]
    names = ", ".join(worker.name for worker in scorers)
    slots = sum(worker.slots for worker in scorers)
    found = [ok("scorers", f"{len(scorers)} alive ({names}), {slots} evaluations at once")]
    if not any(worker.lane == CheckJob.lane for worker in workers):
        mend = "give one of them HOLDOUT_SCORER_CHECK_SLOTS=1, or the gateway HOLDOUT_GATEWAY_CHECKS_PER_HOUR=0"
        found.append(warning("scorers", "none of them takes dry runs", mend))
    others = sorted({worker.version or "unknown" for worker in workers} - {VERSION})
    if others:
        saw = f"scorers work by rules {', '.join(others)}, this is {VERSION}: the same file may score otherwise"
        found.append(trouble("scorers", saw, "bring gateway, courier and scorers to one version"))
    return found


def _workers(patient: Patient) -> Sequence[Alive]:
    """From Redis where we may ask it, else as a courier has counted them."""
    try:
        return asyncio.run(_ask(Queue(patient.queue())))
    except (Untold, HoldoutError):
        with patient.database() as database, database.begin() as session:
            last = fleet.last(session)
    return last.workers if last is not None and last.is_fresh(patient.clock()) else ()


async def _ask(queue: Queue) -> list[Alive]:
    try:
        return await queue.fleet()
    finally:
        await queue.close()


def _cause(error: HoldoutError) -> str:
    """What PostgreSQL's driver said, in one line."""
    cause = getattr(error.__cause__, "orig", error.__cause__)
    return " ".join(str(cause).split()) or "no more is known"


def _milliseconds(began: float) -> str:
    return f"{1000 * (time.monotonic() - began):.0f} ms"


_AT_COURIER = "in containers: docker compose exec courier python -m services.gateway doctor"
