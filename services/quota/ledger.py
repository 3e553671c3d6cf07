"""The three things the ledger does, each in one transaction: reserve a place, settle it, tell how a team stands."""

from datetime import datetime
from uuid import UUID

from services.quota import refusals, store, verdicts
from services.quota.window import DAY, Posting, Terms, fold, standing, statement
from shared.clock import SECOND
from shared.database import Database
from shared.messages import Reservation, ReservationRequest, Settlement, Standing, Statement


class Ledger:
    """Exact under concurrency: what is decided about one team is decided in a row, by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, request: ReservationRequest) -> tuple[Reservation, bool]:
        """Hold a place, and whether this call did it (rather than an earlier one). Raises `Conflict`, `TooMany`."""
        asked = (request.team, request.pool, request.window_seconds, request.submission)
        # Look before standing in line: a refusal is as true without the lock, and a flood of them holds up nobody.
        with self._database.look() as connection:
            verdicts.reserve(request, *store.history(connection, *asked))
        with self._database.begin() as session:
            store.lock(session, request.team)
            now, postings = store.history(session, *asked)
            held = verdicts.reserve(request, now, postings)
            if held is not None:
                if not store.add(session, held):  # Under another team's lock, this id was taken since we looked.
                    raise refusals.differs()
                postings.append(held)
            terms = verdicts.terms_of(request)
            return _reservation(request.submission, postings, request.pool, terms, now), held is not None

    def settle(self, submission: UUID, settlement: Settlement) -> Reservation:
        """Say what became of a held place. Raises `Missing`, `Conflict`, `Unreadable`."""
        with self._database.begin() as session:
            held = store.held(session, submission)
            if held is None:
                raise refusals.unknown()
            store.lock(session, held.team)
            now, postings = store.history(session, held.team, held.pool, held.terms.window_seconds, submission)
            settled = verdicts.settle(fold(postings)[submission], settlement, now, postings)
            if settled is not None:
                store.add(session, settled)
                postings.append(settled)
            return _reservation(submission, postings, held.pool, held.terms, now)

    def standing(self, team: UUID, pool: str, terms: Terms) -> Standing:
        """How `team` stands in `pool` under `terms`, right now. Takes no lock."""
        with self._database.look() as connection:
            now, postings = store.history(connection, team, pool, terms.window_seconds)
            return standing(fold(postings).values(), pool, terms, now)

    def statement(self, team: UUID, pool: str, terms: Terms) -> Statement:
        """The same, with the places given back in the last 24 h and what is left to be forgiven. Takes no lock."""
        reach_seconds = max(terms.window_seconds, DAY // SECOND)
        with self._database.look() as connection:
            now, postings = store.history(connection, team, pool, reach_seconds)
        return statement(postings, pool, terms, now)


def _reservation(submission: UUID, postings: list[Posting], pool: str, terms: Terms, now: datetime) -> Reservation:
    places = fold(postings)
    return Reservation(
        submission=submission,
        state=places[submission].state,
        standing=standing(places.values(), pool, terms, now),
    )
