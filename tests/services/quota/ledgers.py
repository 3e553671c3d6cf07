"""How the tests write down a ledger: moments in seconds from a beginning, submissions by number."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.quota.window import Fault, Kind, Posting, Terms
from shared.messages import ReservationRequest

BEGINNING = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = 7 * 24 * 3600
HOUR = 3600
TEAM = UUID(int=1)
TWO_A_WEEK = Terms(2, WEEK, 20)


def at(seconds: float) -> datetime:
    """The moment so long after the beginning."""
    return BEGINNING + timedelta(seconds=seconds)


def posting(
    submission: int,
    kind: Kind,
    seconds: float,
    fault: Fault | None = None,
    pool: str = "test",
    terms: Terms = TWO_A_WEEK,
) -> Posting:
    """One line; holds end after an hour."""
    expires_at = at(seconds + HOUR) if kind == "held" else None
    return Posting(UUID(int=submission), TEAM, pool, kind, at(seconds), terms, fault, expires_at)


def spent(submission: int, seconds: float) -> list[Posting]:
    """A place held at `seconds` and spent at once."""
    return [posting(submission, "held", seconds), posting(submission, "spent", seconds)]


def request(submission: int, team: UUID = TEAM, **changes: object) -> ReservationRequest:
    """Asks for one of two places a week."""
    asked: dict[str, object] = {
        "submission": UUID(int=submission),
        "team": team,
        "pool": "test",
        "places": 2,
        "window_seconds": WEEK,
        "hold_seconds": HOUR,
        "forgiven_per_day": 20,
    }
    return ReservationRequest.model_validate(asked | changes)
