"""Rows for a gateway that has been in use for years: entries on two boards, and one team that never stopped submitting.

Written straight into the tables, for a scorer would need days; each row is shaped as the gateway writes it itself.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.gateway.store.challenges import Venue
from services.gateway.tables import EvaluationRow, SubmissionRow, TeamRow

START = datetime(2012, 1, 1, tzinfo=UTC)
EVERY = timedelta(hours=1)
TEAMS = 400
BATCH = 1000
LEVELS = {"95": 1.96, "99.9": 3.29}


@dataclass(slots=True)
class Crowd:
    """Draws teams, submissions and evaluations, always the same for the same seed."""

    random: random.Random
    teams: Sequence[UUID] = ()

    def found(self, session: Session, count: int = TEAMS) -> None:
        """Found the teams."""
        self.teams = [self._id() for _ in range(count)]
        rows = [{"id": team, "name": f"Team {team.hex[:12]}", "created_at": START} for team in self.teams]
        session.execute(insert(TeamRow), rows)

    def enter(self, session: Session, venue: Venue, count: int, team: UUID | None = None, start: int = 0) -> None:
        """`count` scored submissions to `venue`: entries of all teams, or a `team`'s own that are not on the board."""
        for first in range(start, start + count, BATCH):
            numbers = range(first, min(first + BATCH, start + count))
            submissions = [self._submission(venue, number, team) for number in numbers]
            session.execute(insert(SubmissionRow), submissions)
            session.execute(
                insert(EvaluationRow), [self.evaluation(venue, row["id"], row["created_at"]) for row in submissions]
            )

    def _submission(self, venue: Venue, number: int, team: UUID | None) -> dict[str, Any]:
        at, draw = START + EVERY * number, self.random
        digest = f"{draw.getrandbits(256):064x}"
        return {
            "id": self._id(),
            "team_id": team or draw.choice(self.teams),
            "challenge": venue.published.challenge.name,
            "task": venue.task_name,
            "split": venue.split_name,
            "state": "sealed",
            "method": f"Method {number}: a convolutional network, averaged",
            "description": "Eight layers, rectified units, dropout; trained for a week on two cards. " * 2,
            "track": draw.choice(("provided", "provided", "external")),
            "participating": draw.random() < 0.95,
            "published_at": None if team else at,
            "object_key": f"benchmark/{number}",
            "digest": digest,
            "size_bytes": 1_000_000,
            "received_digest": digest,
            "received_bytes": 400_000,
            "created_at": at,
            "deadline_at": at,
            "sealed_at": at,
        }

    def evaluation(self, venue: Venue, submission: UUID, at: datetime) -> dict[str, Any]:
        """The row of an evaluation that gave a score at that time."""
        metrics = dict(self._metrics(venue))
        return {
            "id": self._id(),
            "submission_id": submission,
            "version": venue.published.challenge.version,
            "definition": venue.published.digest,
            "truth": venue.truth,
            "state": "scored",
            "attempt": 1,
            **dict.fromkeys(("created_at", "enqueued_at", "heard_at", "started_at", "finished_at"), at),
            "scorer": "scorer-1",
            "scorer_version": "0.2.0",
            "report_digest": f"{self.random.getrandbits(256):064x}",
            "metrics": metrics,
            "intervals": {name: dict(_ends(value)) for name, value in metrics.items()},
            "categories": self._categories(venue),
            "fault_count": 0,
            "notes": [],
            "timings": {"fetch": 0.02, "parsing": 0.01, "scoring": 0.02, "intervals": 0.02, "store": 0.01},
        }

    def _metrics(self, venue: Venue) -> Iterator[tuple[str, float]]:
        """Counts of 100,000 images, so that some entries tie; the headline among them."""
        error = self.random.randint(2_000, 60_000)
        if venue.task.winner == "categories_won":
            yield venue.task.headline, 1 - error / 100_000
            return
        for guesses in range(venue.task.guesses, 0, -1):
            yield f"top_{guesses}_error", error / 100_000
            error += self.random.randint(500, 5_000)

    def _categories(self, venue: Venue) -> dict[str, float | None] | None:
        if venue.task.winner != "categories_won":
            return None
        return {str(number): self.random.random() for number in range(1, venue.task.categories + 1)}

    def _id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)


def _ends(value: float) -> Iterator[tuple[str, dict[str, float]]]:
    spread = (value * (1 - value) / 100_000) ** 0.5
    for level, width in LEVELS.items():
        yield level, {"low": max(0.0, value - width * spread), "high": min(1.0, value + width * spread)}
