"""Whose turn it is: which due deliveries the courier takes, so that no endpoint and no team takes all the places.

At most `MOST_PER_ENDPOINT` and `MOST_PER_TEAM` are under lease at a time, counted over all couriers. What is beyond that
stays due, and is taken when one of the same team ends. Places go first to the team that holds the fewest. Of a team's
places one is kept for each of its endpoints that holds none (there are no more endpoints than places), so that one which
hangs delays no other, of the same team either.

Couriers that claim at the same moment see the same rows in the same order and skip those that the other has locked, so
together they keep to the limits too; only rows that came into sight between the two claims can be beyond them. However
they meet, each keeps to the limits by what it saw: never more than the limit per courier.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, text

from services.gateway.tables import OutboxRow

MOST_PER_ENDPOINT = 4
MOST_PER_TEAM = 10
"""A tenth of a courier's places: those of one team may all hang for as long as an attempt may last."""

# The names of endpoints that are owed something are read by stepping through `ix_outbox_turn`, one probe for each; then at
# most `MOST_PER_ENDPOINT` rows for each. So a long backlog of one endpoint costs no more than a short one.
_TURN = """
WITH RECURSIVE owed (endpoint) AS (
    (SELECT endpoint_id FROM outbox WHERE endpoint_id IS NOT NULL AND given_up_at IS NULL
     ORDER BY endpoint_id, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT (SELECT endpoint_id FROM outbox WHERE endpoint_id > owed.endpoint AND given_up_at IS NULL
            ORDER BY endpoint_id, next_attempt_at LIMIT 1)
    FROM owed WHERE owed.endpoint IS NOT NULL
), leased AS (
    SELECT outbox.endpoint_id AS endpoint, endpoints.team_id AS team
    FROM outbox LEFT JOIN endpoints ON endpoints.id = outbox.endpoint_id
    WHERE outbox.endpoint_id IS NOT NULL AND outbox.leased_until > :now
), by_endpoint AS (
    SELECT endpoint, count(*) AS held FROM leased GROUP BY endpoint
), by_team AS (
    SELECT team, count(*) AS held FROM leased GROUP BY team
), due AS (
    SELECT first.id, first.next_attempt_at, endpoints.team_id AS team,
        first.number + coalesce(by_endpoint.held, 0) = 1 AS kept
    FROM owed
    LEFT JOIN endpoints ON endpoints.id = owed.endpoint
    LEFT JOIN by_endpoint ON by_endpoint.endpoint = owed.endpoint
    CROSS JOIN LATERAL (
        SELECT id, next_attempt_at, row_number() OVER (ORDER BY next_attempt_at, id) AS number FROM outbox
        WHERE endpoint_id = owed.endpoint AND given_up_at IS NULL AND next_attempt_at <= :now
        ORDER BY next_attempt_at, id
        LIMIT :per_endpoint
    ) AS first
    WHERE first.number <= :per_endpoint - coalesce(by_endpoint.held, 0)
), idle AS (
    SELECT endpoints.team_id AS team, count(*) AS kept
    FROM endpoints LEFT JOIN by_endpoint ON by_endpoint.endpoint = endpoints.id
    WHERE endpoints.team_id IN (SELECT team FROM due) AND endpoints.disabled_at IS NULL AND by_endpoint.held IS NULL
    GROUP BY endpoints.team_id
), placed AS (
    SELECT due.id, due.next_attempt_at, due.kept, coalesce(by_team.held, 0)
        + row_number() OVER (PARTITION BY due.team ORDER BY due.kept DESC, due.next_attempt_at, due.id) AS place,
        coalesce(by_team.held, 0) + coalesce(idle.kept, 0)
        + row_number() OVER (PARTITION BY due.team, due.kept ORDER BY due.next_attempt_at, due.id) AS more
    FROM due LEFT JOIN by_team ON by_team.team = due.team LEFT JOIN idle ON idle.team = due.team
), taken AS (
    SELECT outbox.id FROM outbox JOIN placed ON placed.id = outbox.id
    WHERE CASE WHEN placed.kept THEN placed.place ELSE placed.more END <= :per_team
        AND outbox.given_up_at IS NULL AND outbox.next_attempt_at <= :now
    ORDER BY placed.place, placed.next_attempt_at
    LIMIT :room
    FOR UPDATE OF outbox SKIP LOCKED
)
SELECT id FROM taken
"""


def turn(now: datetime, room: int) -> Select[Any]:
    """The ids of due deliveries that may be taken now, at most `room`, locked."""
    bound = text(_TURN).bindparams(now=now, room=room, per_endpoint=MOST_PER_ENDPOINT, per_team=MOST_PER_TEAM)
    return select(bound.columns(OutboxRow.id).subquery().c.id)
