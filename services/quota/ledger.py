"""The three things the ledger does, each in one transaction: reserve a place, settle it, tell how a team stands."""

from datetime import datetime
from uuid import UUID

from services.quota import refusals, store, verdicts
from services.quota.window import Posting, Terms, fold, standing
from shared.database import Database
from shared.messages import Reservation, ReservationRequest, Settlement, Standing


class Ledger:
    """Exact under concurrency: decisions about one team follow one another, by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, request: ReservationRequest) -> tuple[Reservation, bool]:
        """Hold a place, and whether this call did it (rather than an earlier one). Raises `Conflict`, `TooMany`."""
        with self._database.begin() as session:
            store.lock(session, request.team)
            now = store.clock(session)
            postings = store.history(
                session, request.team, request.pool, request.window_seconds, now, request.submission
            )
            held = verdicts.reserve(request, postings, now)
            if held is not None:
                if not store.add(session, held):  # Another team took this id since we looked: it has another lock.
                    raise refusals.differs()
                postings.append(held)
            return _reservation(request.submission, postings, request.pool, verdicts.terms_of(request), now), bool(held)

    def settle(self, submission: UUID, settlement: Settlement) -> Reservation:
        """Say what became of a held place. Raises `Missing`, `Conflict`, `Unreadable`."""
        with self._database.begin() as session:
            held = store.held(session, submission)
            if held is None:
                raise refusals.unknown()
            store.lock(session, held.team)
            now = store.clock(session)
            postings = store.history(session, held.team, held.pool, held.terms.window_seconds, now, submission)
            place = fold(postings)[submission]
            posting = verdicts.settle(place, settlement, postings, now)
            if posting is not None:
                store.add(session, posting)
                postings.append(posting)
            return _reservation(submission, postings, held.pool, held.terms, now)

    def standing(self, team: UUID, pool: str, terms: Terms) -> Standing:
        """How `team` stands in `pool` under `terms`, right now. Takes no lock."""
        with self._database.begin() as session:
            now = store.clock(session)
            postings = store.history(session, team, pool, terms.window_seconds, now)
            return standing(fold(postings).values(), pool, terms, now)


def _reservation(submission: UUID, postings: list[Posting], pool: str, terms: Terms, now: datetime) -> Reservation:
    places = fold(postings)
    return Reservation(
        submission=submission,
        state=places[submission].state,
        standing=standing(places.values(), pool, terms, now),
    )
