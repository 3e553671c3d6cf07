"""Everything a fault run has in hand: the stack and its lines, the recorder, the disk, and a look into the stores."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import redis
from sqlalchemy import Select, select

from services.gateway.desk import Desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.errors import Unavailable
from shared.messages import job_id
from tests.faults.disk import Disk
from tests.faults.keeper import Keeper
from tests.faults.links import Line, Links
from tests.faults.listening import Listening
from tests.faults.organiser import Organiser
from tests.faults.overdue import until
from tests.faults.prober import Prober
from tests.faults.venue import NAME
from tests.stacks import Stack

LATELY_BYTES = 64 * 1024
WAY_SECONDS = 60.0
"""A program that is not ready again by then has not recovered."""

SCORERS = ("scorer-1", "scorer-2")

PORT_OF = {"seaweedfs": "s3"}
"""What the ports of a program are called, where that is not its name."""

LINES: tuple[Line, ...] = (
    ("clients", "gateway"),
    *(("gateway", name) for name in ("postgres", "s3", "quota")),
    *(("courier", name) for name in ("postgres", "s3", "quota", "valkey")),
    ("quota", "postgres"),
    *((scorer, name) for scorer in SCORERS for name in ("valkey", "s3", "gateway")),
)
"""Who speaks with whom."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`desk` looks straight into the stores, past all lines."""

    stack: Stack
    links: Links
    receivers: Listening
    disk: Disk | None
    desk: Desk
    prober: Prober
    organiser: Organiser
    keeper: Keeper
    heard: Path

    def has_been_heard(self, submission: str) -> bool:
        """Whether the recorder has lately taken an event of this submission."""
        with self.heard.open("rb") as file:
            file.seek(max(0, self.heard.stat().st_size - LATELY_BYTES))
            return submission.encode() in file.read()

    def lines_of(self, program: str) -> list[Line]:
        """All lines of one program, in and out."""
        return self.links.touching(PORT_OF.get(program, program))

    def await_ready(self) -> None:
        """Until every program runs and says that it is ready."""
        until(lambda: all(one["state"] in ("ready", "done") for one in self.stack.status()["programs"]), WAY_SECONDS)

    def waiting(self) -> int | None:
        """How many evaluations have no outcome yet; None when the database does not answer.

        Those of the revised challenge are not counted: what is evaluated anew comes in hundreds and holds up nobody.
        """
        open_ones = select(EvaluationRow.id).where(EvaluationRow.state.in_(OPEN_STATES))
        theirs = SubmissionRow.id == EvaluationRow.submission_id
        found = self._look(open_ones.join(SubmissionRow, theirs).where(SubmissionRow.challenge == NAME))
        return None if found is None else len(found)

    def open_evaluations(self, *, scorer: str | None = None) -> list[UUID]:
        """Those without an outcome: that this scorer runs, or that the queue was given."""
        wanted = select(EvaluationRow.id).where(EvaluationRow.state.in_(OPEN_STATES))
        if scorer is not None:
            wanted = wanted.where(EvaluationRow.state == "running", EvaluationRow.scorer == scorer)
        else:
            wanted = wanted.where(EvaluationRow.enqueued_at.is_not(None))
        return self._look(wanted.order_by(EvaluationRow.created_at)) or []

    def are_taken_over(self, evaluations: list[UUID], since: datetime) -> bool:
        """Whether each has its outcome, or a scorer was heard of it well after `since`."""
        # What its former scorer said last may be heard a moment later; a lease lasts longer.
        heard = EvaluationRow.heard_at > since + timedelta(seconds=1)
        wanted = select(EvaluationRow.id).where(
            EvaluationRow.id.in_(evaluations), EvaluationRow.state.not_in(OPEN_STATES) | heard
        )
        return len(self._look(wanted) or []) == len(evaluations)

    def are_looked_after(self, evaluations: list[UUID]) -> bool:
        """Whether each has its outcome, or the queue holds its present attempt."""
        try:
            with self.desk.database.begin() as session:
                wanted = select(EvaluationRow.id, EvaluationRow.attempt).where(
                    EvaluationRow.id.in_(evaluations), EvaluationRow.state.in_(OPEN_STATES)
                )
                left = session.execute(wanted).all()
            with contextlib.closing(self.queue()) as queue:
                return all(queue.exists(f"arq:job:{job_id(row.id, row.attempt)}") for row in left)
        except (Unavailable, redis.RedisError):
            return False

    def queue(self) -> "redis.Redis":
        """A line to Valkey with the courier's rights."""
        address = self.stack.addresses.queue_address("courier")
        return redis.Redis(
            address.host, address.port, username=address.username, password=address.password, socket_timeout=2
        )

    def _look(self, wanted: Select[UUID]) -> list[UUID] | None:
        try:
            with self.desk.database.begin() as session:
                return list(session.scalars(wanted))
        except Unavailable:
            return None
