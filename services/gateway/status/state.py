"""The state of the whole as data, and how each part of it is judged. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.gateway.lifecycle import Outcome
from services.gateway.spans import spoken
from services.gateway.store.figures import Durations, Owed, Waiting
from services.gateway.store.fleet import Fleet
from services.gateway.tables import RehearsalRow
from shared.messages import Job

Condition = Literal["working", "trouble", "unknown"]

LATE = timedelta(minutes=1)
"""A deed that is due and waits longer than this is late: the courier takes what is due within seconds."""

NO_DATABASE = "the database does not answer"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that teams rely on, and how it is with it in a sentence."""

    name: str
    title: str
    condition: Condition
    sentence: str


@dataclass(frozen=True, slots=True)
class Span:
    """What was done since some moment."""

    since: datetime
    durations: Durations
    outcomes: dict[Outcome, int]
    failures: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database tells."""

    today: Span
    week: Span
    waiting: Waiting
    owed: Sequence[Owed]
    dead_letters: int
    fleet: Fleet | None
    rehearsal: RehearsalRow | None
    losses: Mapping[str, int] = field(default_factory=dict)
    """How many evaluations miss an object in S3, by state."""


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `figures` are None while the database does not answer."""

    at: datetime
    up_since: datetime
    parts: tuple[Part, ...]
    figures: Figures | None

    @property
    def is_working(self) -> bool:
        """Whether nothing is known to be in trouble."""
        return all(part.condition == "working" for part in self.parts)


def submissions_part(database: bool, ledger: bool, storage: bool) -> Part:
    """Whether files are taken: that needs the database, the ledger and the object storage."""
    needed = {NO_DATABASE: database, "the ledger does not answer": ledger, "the storage does not answer": storage}
    missing = [sentence for sentence, answers in needed.items() if not answers]
    sentence = f"not accepted just now: {', '.join(missing)}" if missing else "accepted"
    return Part("submissions", "Submissions", "trouble" if missing else "working", sentence)


def scoring_part(figures: Figures | None, now: datetime) -> Part:
    """Whether evaluations are worked off."""
    fleet = figures.fleet if figures else None
    if figures is None:
        return _scoring("unknown", NO_DATABASE)
    if fleet is None or not fleet.is_fresh(now):
        return _scoring("trouble", "no courier is at work: evaluations wait")
    if not fleet.queue_answers:
        return _scoring("trouble", "the queue does not answer: evaluations wait")
    scorers = len(fleet.names(Job.lane))
    if not scorers:
        return _scoring("trouble", "no scorer is alive: evaluations wait")
    plural = "" if scorers == 1 else "s"
    return _scoring("working", f"{scorers} scorer{plural} alive, {fleet.slots(Job.lane)} evaluations at once")


def webhooks_part(figures: Figures | None, now: datetime) -> Part:
    """Whether events are brought to teams' endpoints."""
    if figures is None:
        return _webhooks("unknown", NO_DATABASE)
    if figures.fleet is None or not figures.fleet.is_fresh(now):
        return _webhooks("trouble", "no courier is at work: events wait")
    late = [now - owed.oldest_due_at for owed in figures.owed if owed.kind == "deliver"]
    if late and late[0] > LATE:
        return _webhooks("trouble", f"deliveries are late by {spoken(late[0])}")
    return _webhooks("working", "delivered as they come")


def reports_part(figures: Figures | None) -> Part:
    """Whether all that was taken and found is there; what is just being made anew counts as there."""
    if figures is None:
        return _reports("unknown", NO_DATABASE)
    gone = {state: number for state, number in figures.losses.items() if state != "awaited"}
    if gone:
        return _reports("trouble", f"missing for {sum(gone.values())} evaluations; scores are not touched")
    if awaited := figures.losses.get("awaited"):
        return _reports("working", f"{awaited} reports are being made anew")
    return _reports("working", "all there")


def _scoring(condition: Condition, sentence: str) -> Part:
    return Part("scoring", "Scoring", condition, sentence)


def _webhooks(condition: Condition, sentence: str) -> Part:
    return Part("webhooks", "Webhooks", condition, sentence)


def _reports(condition: Condition, sentence: str) -> Part:
    return Part("reports", "Reports and files", condition, sentence)
