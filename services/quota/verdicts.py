"""What may be posted next: the answer to a reservation and to a settlement. Pure: a posting, nothing, or a refusal.

A place goes held → spent | released, spent → refunded. Asking for what is already so posts nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.quota import refusals
from services.quota.window import (
    Fault,
    Kind,
    Place,
    Posting,
    Terms,
    blocking,
    counting,
    fold,
    forgiven_again_at,
)
from shared.errors import TooMany, Unreadable
from shared.messages import ReservationRequest, Settlement


def reserve(request: ReservationRequest, now: datetime, postings: Sequence[Posting]) -> Posting | None:
    """The posting that holds a place for `request`; None when the submission has one already.

    `postings` are the team's that matter, and those of this submission whoever made them. When both the places and
    the forgiveness are used up, the longer wait is told. Raises `Conflict` and `TooMany`.
    """
    known = fold(postings).get(request.submission)
    if known is not None:
        _same_request(known, request, now)
        return None
    if refused := _refusals(request, now, postings):
        raise max(refused, key=lambda refusal: refusal.waiting.retry_after_seconds)
    return Posting(
        submission=request.submission,
        team=request.team,
        pool=request.pool,
        kind="held",
        at=now,
        terms=terms_of(request),
        expires_at=now + timedelta(seconds=request.hold_seconds),
    )


def settle(place: Place, settlement: Settlement, now: datetime, postings: Sequence[Posting]) -> Posting | None:
    """The posting that settles `place`; None when it is settled so already.

    `postings` are those of the team that count in the place's pool. Raises `Conflict` and `Unreadable`.
    """
    if (settlement.to == "returned") != (settlement.fault is not None):
        sentence = "fault: must be told for a returned place, and only for one"
        raise Unreadable("request-invalid", sentence, "say whose fault it was: theirs or ours")
    if settlement.to == "spent":
        return _spend(place, now, postings)
    return _give_back(place, settlement.fault, now)


def terms_of(request: ReservationRequest) -> Terms:
    """The limits that travel in `request`."""
    return Terms(request.places, request.window_seconds, request.forgiven_per_day)


def _same_request(known: Place, request: ReservationRequest, now: datetime) -> None:
    if (known.held.team, known.held.pool) != (request.team, request.pool):
        raise refusals.differs()
    if known.expired(now):
        raise refusals.expired(known)


def _refusals(request: ReservationRequest, now: datetime, postings: Sequence[Posting]) -> list[TooMany]:
    terms = terms_of(request)
    refused = []
    taken = counting(fold(postings).values(), request.pool, terms.window_seconds, now)
    if last := blocking(taken, terms.places):
        refused.append(refusals.no_places_left(last, terms, now))
    if terms.forgiven_per_day and (again_at := forgiven_again_at(postings, terms.forgiven_per_day, now)):
        refused.append(refusals.too_many_rejected(again_at, terms.forgiven_per_day, now))
    return refused


def _spend(place: Place, now: datetime, postings: Sequence[Posting]) -> Posting | None:
    if place.was_spent:
        return None
    if place.state == "released":
        raise refusals.settled(place)
    if place.expired(now) and not _still_free(place, now, postings):
        raise refusals.expired(place)
    return _next(place, "spent", None, now)


def _still_free(place: Place, now: datetime, postings: Sequence[Posting]) -> bool:
    """Whether a hold that ran out can be honoured after all: its window still runs and nobody took the room."""
    terms = place.held.terms
    taken = counting(fold(postings).values(), place.held.pool, terms.window_seconds, now)
    return now < place.window_ends_at(terms.window_seconds) and blocking(taken, terms.places) is None


def _give_back(place: Place, fault: Fault | None, now: datetime) -> Posting | None:
    if place.state in ("released", "refunded"):
        if place.last.fault != fault:
            raise refusals.settled(place)
        return None
    return _next(place, "refunded" if place.was_spent else "released", fault, now)


def _next(place: Place, kind: Kind, fault: Fault | None, now: datetime) -> Posting:
    held = place.held
    return Posting(held.submission, held.team, held.pool, kind, now, held.terms, fault)
