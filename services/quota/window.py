"""The rolling window: what the ledger's postings mean at a moment. Pure: postings and a time in, places out.

A place counts from the moment it was reserved until `window_seconds` later. A place that was given back does not
count, nor does one whose hold ran out before its file was sealed. All intervals are half open: at the very moment
when a place returns, it is free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.messages import PlaceReturned, PlaceTaken, Standing, Statement

Kind = Literal["held", "spent", "released", "refunded"]
"""What a posting says. The last posting of a submission is the state of its place."""

Fault = Literal["theirs", "ours"]

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits of a reservation: `places` in any `window_seconds`, and how many rejected files any 24 h forgive."""

    places: int
    window_seconds: int
    forgiven_per_day: int | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of the ledger. `fault` is said when a place is given back; `expires_at` when it is held."""

    submission: UUID
    team: UUID
    pool: str
    kind: Kind
    at: datetime
    terms: Terms
    fault: Fault | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What became of one submission's place: its postings, folded."""

    held: Posting
    last: Posting
    was_spent: bool = False

    @property
    def state(self) -> Kind:
        """What the last posting said."""
        return self.last.kind

    def expired(self, now: datetime) -> bool:
        """Whether the upload was given up: still held when its hold ran out."""
        return self.state == "held" and self.held.expires_at is not None and now >= self.held.expires_at

    def returns_at(self, window_seconds: int) -> datetime:
        """When it stops counting if nothing more is posted: the window's end, or sooner the end of an unsealed hold."""
        end = self.window_ends_at(window_seconds)
        if self.state == "held" and self.held.expires_at is not None:
            return min(end, self.held.expires_at)
        return end

    def window_ends_at(self, window_seconds: int) -> datetime:
        """When a sealed submission stops counting."""
        return self.held.at + timedelta(seconds=window_seconds)

    def counts(self, window_seconds: int, now: datetime) -> bool:
        """Whether it takes up room at `now`."""
        return self.state in ("held", "spent") and now < self.returns_at(window_seconds)


def fold(postings: Iterable[Posting]) -> dict[UUID, Place]:
    """The place of each submission, from postings in the order they were made.

    Postings whose `held` is not among them belong to places that left the window, and are passed over.
    """
    places: dict[UUID, Place] = {}
    for posting in postings:
        if posting.kind == "held":
            places[posting.submission] = Place(posting, posting)
        elif posting.submission in places:
            before = places[posting.submission]
            places[posting.submission] = Place(before.held, posting, before.was_spent or posting.kind == "spent")
    return places


def counting(places: Iterable[Place], pool: str, window_seconds: int, now: datetime) -> list[Place]:
    """The places of `pool` that count at `now`, the first to return first."""
    found = [place for place in places if place.held.pool == pool and place.counts(window_seconds, now)]
    return sorted(found, key=lambda place: place.returns_at(window_seconds))


def blocking(taken: Sequence[Place], places: int) -> Place | None:
    """Of the `taken` places (first to return first), the one whose return frees a place; None while one is free.

    More than `places` can be taken, when a limit was lowered: then all the surplus must return first.
    """
    surplus = len(taken) - places
    return taken[surplus] if surplus >= 0 else None


def standing(places: Iterable[Place], pool: str, terms: Terms, now: datetime) -> Standing:
    """How a team stands in `pool` at `now`."""
    window_seconds = terms.window_seconds
    taken = counting(places, pool, window_seconds, now)
    last = blocking(taken, terms.places)
    return Standing(
        pool=pool,
        places=terms.places,
        window_seconds=window_seconds,
        remaining=max(0, terms.places - len(taken)),
        next_free_at=last.returns_at(window_seconds) if last else None,
        taken=tuple(
            PlaceTaken(
                submission=place.held.submission,
                state="held" if place.state == "held" else "spent",
                taken_at=place.held.at,
                returns_at=place.returns_at(window_seconds),
            )
            for place in taken
        ),
        now=now,
    )


def statement(postings: Sequence[Posting], pool: str, terms: Terms, now: datetime) -> Statement:
    """The standing in `pool` at `now`, with what explains it; `postings` reach back 24 h or more."""
    places = fold(postings).values()
    forgiven = terms.forgiven_per_day
    return Statement(
        **dict(standing(places, pool, terms, now)),
        given_back=tuple(
            PlaceReturned(
                submission=place.held.submission,
                state="refunded" if place.was_spent else "released",
                fault=place.last.fault,
                taken_at=place.held.at,
                returned_at=place.last.at,
            )
            for place in sorted(places, key=lambda place: place.last.at, reverse=True)
            if place.held.pool == pool and place.last.fault is not None and now < place.last.at + DAY
        ),
        forgiven_left=None if forgiven is None else max(0, forgiven - len(_rejected_at(postings, now))),
    )


def forgiven_again_at(postings: Iterable[Posting], forgiven_per_day: int | None, now: datetime) -> datetime | None:
    """When the next rejected file would be forgiven again; None while one still is.

    Counts what was given back through the team's own fault in the last 24 h, under limits that count such faults:
    an open split, which forgives all, costs nobody a place elsewhere.
    """
    if forgiven_per_day is None:
        return None
    rejected_at = _rejected_at(postings, now)
    surplus = len(rejected_at) - forgiven_per_day
    return rejected_at[surplus] + DAY if surplus >= 0 else None


def _rejected_at(postings: Iterable[Posting], now: datetime) -> list[datetime]:
    """When the files were rejected that count against what is forgiven at `now`, oldest first."""
    return sorted(
        posting.at
        for posting in postings
        if posting.fault == "theirs" and posting.terms.forgiven_per_day is not None and now < posting.at + DAY
    )
