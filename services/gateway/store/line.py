"""The line of evaluations: whose turn it is to be handed to Redis, which holds no more than keeps the scorers busy.

Lanes by class: what is to be run again, then test splits, then all others, then re-scoring. Of sixteen turns twelve are
the second lane's, three the third's and one the fourth's; those of an empty lane go to the others. Within a lane the
teams go round: `turn` is the round, so that a team's thousandth evaluation waits for nobody's second.

All of the line is in the outbox. A row that Redis has is struck out, and counts towards the window until its outcome.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.orm import Session

from services.gateway.forecast import Waiting
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow
from shared.challenge import Split

AGAIN, LIMITED, UNLIMITED, ANEW = range(4)
"""Lanes: attempts of what a scorer or Redis has lost; held-out splits; other splits; re-scoring."""

LEAST_PLACES = 4
"""What Redis may hold before any scorer was seen, so that the first one finds work at once."""

# The n-th turn of a lane in a cycle of 16, counted from the last turn that was taken (`evaluation_turns`, a sequence: two
# couriers that read the same number take two turns of the same kind, which does no harm).
_ORDER = """
SELECT waiting.id, waiting.payload, waiting.team_id, lanes.lane, waiting.number,
    CASE lanes.lane WHEN 0 THEN -1 ELSE
        16 * (taken.turns / 16 + (passed.number + waiting.number - 1) / cardinality(lanes.places))
        + lanes.places[1 + (passed.number + waiting.number - 1) % cardinality(lanes.places)]
    END AS slot
FROM (SELECT last_value AS turns FROM evaluation_turns) AS taken
CROSS JOIN (VALUES
    (0, '{0}'::int[]), (1, '{0,1,2,4,5,6,8,9,10,12,13,14}'), (2, '{3,7,11}'), (3, '{15}')
) AS lanes (lane, places)
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM unnest(lanes.places) AS place WHERE place < taken.turns % 16
) AS passed
CROSS JOIN LATERAL (
    SELECT id, payload, team_id, row_number() OVER (ORDER BY turn, id) AS number FROM outbox
    WHERE kind = 'evaluate' AND given_up_at IS NULL AND outbox.lane = lanes.lane AND next_attempt_at <= :due
    ORDER BY turn, id
    LIMIT :most
) AS waiting
"""

_HANDED = "SELECT count(*) FROM evaluations WHERE state IN ('queued', 'running') AND enqueued_at IS NOT NULL"

# The cycle goes on after the last turn that was taken. A sequence cannot be beside what is locked: hence MATERIALIZED.
_TURN = f"""
WITH held AS (
    SELECT ({_HANDED})
        + (SELECT count(*) FROM outbox WHERE kind = 'evaluate' AND leased_until > :due) AS number
), ordered AS MATERIALIZED ({_ORDER}), taken AS (
    SELECT outbox.id, ordered.slot FROM outbox JOIN ordered ON ordered.id = outbox.id
    WHERE outbox.given_up_at IS NULL AND outbox.next_attempt_at <= :due
    ORDER BY ordered.slot, ordered.number
    LIMIT greatest(0, least(:most, (SELECT coalesce(max(places), {LEAST_PLACES}) FROM fleet)
        - (SELECT number FROM held)))
    FOR UPDATE OF outbox SKIP LOCKED
)
SELECT id FROM taken WHERE CASE WHEN slot < 0 THEN true ELSE
    setval('evaluation_turns', (SELECT max(slot) FROM taken) + 1) IS NOT NULL
END
"""  # noqa: S608 - made of our own words


_IN_LINE = (OutboxRow.kind == "evaluate", OutboxRow.given_up_at.is_(None))


def place_of(submission: SubmissionRow) -> str:
    """Where it was sent: evaluations of one place take about the same time."""
    return f"{submission.challenge}/{submission.task}/{submission.split}"


def turn(now: datetime, room: int) -> Select[Any]:
    """The ids of the evaluations to be handed over now, at most `room` and what the window takes, locked."""
    bound = text(_TURN).bindparams(due=now, most=room)
    return select(bound.columns(OutboxRow.id).subquery().c.id)


def in_order(session: Session, most: int) -> list[Waiting]:
    """All that wait to be handed over, the next one first; of each lane at most `most`."""
    # Also those that are put off or just being handed over: they are as good as due.
    columns = "payload ->> 'evaluation', payload ->> 'place', team_id"
    query = text(f"SELECT {columns} FROM ({_ORDER}) AS ordered ORDER BY slot, number")  # noqa: S608 - our own words
    rows = session.execute(query, {"due": datetime.max.replace(tzinfo=UTC), "most": most})
    return [Waiting(UUID(evaluation), team, place or "") for evaluation, place, team in rows]


def lane_of(split: Split) -> int:
    """The lane of what is sent to this split."""
    return LIMITED if split.held_out else UNLIMITED


def waiting(session: Session, lane: int, most: int) -> int:
    """How many are in line in this lane and those before it, counted up to `most`."""
    some = select(OutboxRow.id).where(*_IN_LINE, OutboxRow.lane <= lane).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def open_of(session: Session, team: UUID) -> int:
    """How many evaluations of a team have no outcome yet; those for held-out splits count once Redis has them."""
    own = select(func.count(OutboxRow.id)).where(*_IN_LINE, OutboxRow.team_id == team, OutboxRow.lane == UNLIMITED)
    given = (
        select(func.count())
        .select_from(EvaluationRow)
        .join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        .where(EvaluationRow.state.in_(OPEN_STATES), EvaluationRow.enqueued_at.is_not(None))
        .where(SubmissionRow.team_id == team)
    )
    return session.scalar(select(own.scalar_subquery() + given.scalar_subquery())) or 0


def handed(session: Session) -> int:
    """How many Redis was given and have no outcome yet."""
    return int(session.scalar(text(_HANDED)) or 0)


def next_round(team: UUID, lane: int) -> ColumnElement[int]:
    """The round in which the team has its next turn in this lane: after its own, and not before whoever is next."""
    ahead = (*_IN_LINE, OutboxRow.lane == lane)
    present = select(func.min(OutboxRow.turn)).where(*ahead).scalar_subquery()
    own = select(func.max(OutboxRow.turn) + 1).where(*ahead, OutboxRow.team_id == team).scalar_subquery()
    return func.greatest(func.coalesce(present, 0), func.coalesce(own, 0))


def hold_turn(session: Session, team: UUID) -> None:
    """Until this transaction ends, nobody else gives this team a turn: two at once would get the same."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("evaluation turns"), func.hashtext(str(team)))))
