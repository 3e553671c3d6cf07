"""What is said when the ledger says no: every refusal's code, sentence and remedy, in one place."""

from datetime import datetime, timedelta

from services.quota.window import Place, Terms
from shared.clock import SECOND, seconds_until
from shared.errors import Conflict, Missing, TooMany, Waiting

UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
WEEK_SECONDS = 604_800
DAY_SECONDS = 86_400


def unknown() -> Missing:
    """Nothing was ever reserved under this submission id."""
    return Missing("reservation-unknown", "no place was reserved for this submission", "reserve one first")


def differs() -> Conflict:
    """The submission id is in use."""
    return Conflict(
        "submission-differs",
        "this submission id has a place of another team or pool",
        "reserve under a new submission id",
    )


def settled(place: Place) -> Conflict:
    """`place` was settled otherwise before."""
    last = place.last
    return Conflict(
        "already-settled",
        f"this place was {last.kind}{f' (fault: {last.fault})' if last.fault else ''} at {spelled(last.at)}",
        "what is settled stays so: reserve under a new submission id",
    )


def expired(place: Place) -> Conflict:
    """The hold of `place` ran out, and it cannot be honoured any more."""
    return Conflict(
        "reservation-expired",
        f"the place held since {spelled(place.held.at)} was given up: no file was sealed in time",
        "reserve under a new submission id",
    )


def no_places_left(last: Place, terms: Terms, now: datetime) -> TooMany:
    """All places are taken; `last` is the one whose return frees a place."""
    free_at = last.returns_at(terms.window_seconds)
    unless = ", unless the upload that holds it is sealed" if last.state == "held" else ""
    return TooMany(
        "no-places-left",
        f"{_all_places(terms)} taken; the next is free at {spelled(free_at)}{unless}",
        f"submit again from {spelled(free_at)} on",
        Waiting(seconds_until(free_at, now), free_at, terms.places, terms.window_seconds),
    )


def too_many_rejected(again_at: datetime, forgiven_per_day: int, now: datetime) -> TooMany:
    """The team's rejected files of the last 24 h have used up what is forgiven, until `again_at`."""
    return TooMany(
        "too-many-rejected",
        f"too many files of this team were rejected in the last 24 hours; the next is welcome at {spelled(again_at)}",
        f"check files before you submit them, and submit again from {spelled(again_at)} on",
        Waiting(seconds_until(again_at, now), again_at, forgiven_per_day, DAY_SECONDS),
    )


def spelled(moment: datetime) -> str:
    """`moment` (UTC) to the second, rounded up so that nobody comes too early: `2026-11-30T02:11:09Z`."""
    whole = moment.replace(microsecond=0) + (SECOND if moment.microsecond else timedelta())
    return whole.isoformat().replace("+00:00", "Z")


def _all_places(terms: Terms) -> str:
    period = _period(terms.window_seconds)
    if terms.places == 1:
        return f"the only place of {period} is"
    return f"{'both' if terms.places == 2 else f'all {terms.places}'} places of {period} are"


def _period(window_seconds: int) -> str:
    if window_seconds == WEEK_SECONDS:
        return "this week"
    size, name = next((size, name) for size, name in UNITS if window_seconds % size == 0)
    count = window_seconds // size
    return f"the last {name}" if count == 1 else f"the last {count} {name}s"
