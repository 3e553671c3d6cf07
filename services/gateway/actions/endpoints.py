"""A team's webhook endpoints: register, change, rotate, disable, enable, remove, test, deliver anew.

Called by the API and by the operator's command. Of what another team has, each says that there is no such thing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway import rotation
from services.gateway.addresses import check_answers, check_url
from services.gateway.desk import Desk
from services.gateway.resolving import look_up
from services.gateway.store import deliveries, endpoints, events
from services.gateway.tables import EndpointRow
from shared.errors import Conflict, Missing, Refused, TooMany, Waiting
from shared.messages import TEST_EVENT, EventType
from shared.signing import new_secret

MOST_ENDPOINTS = 10
MOST_SECRETS = 5
"""Each signs every delivery; five keep the header below half a kilobyte."""

RESOLVE_SECONDS = 5.0
"""Somebody waits for the answer; a name that takes longer cannot be called within an attempt's time either."""

ASKED_PER_MINUTE = 60
"""Tests and deliveries made anew: a person's work, not a way to have us storm an address."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a team says of an endpoint. `types` are the events that it takes; None: all."""

    url: str
    types: tuple[EventType, ...] | None = None
    description: str = ""


def register(desk: Desk, team: UUID, draft: Draft) -> EndpointRow:
    """Send the team's events to `draft.url` from now on; raises `Refused` for an address that we must not call."""
    _check_address(desk, draft.url)
    with desk.database.begin() as session:
        if endpoints.count_still(session, team) >= MOST_ENDPOINTS:
            raise Conflict(
                "too-many-endpoints",
                f"a team has {MOST_ENDPOINTS} endpoints at most",
                "remove one that is not needed, or let one receiver pass events on",
            )
        endpoint = EndpointRow(
            id=uuid4(),
            team_id=team,
            url=draft.url,
            types=None if draft.types is None else list(draft.types),
            description=draft.description,
            secrets=[new_secret()],
            secret_ends=[],
            created_at=desk.clock(),
        )
        session.add(endpoint)
    return endpoint


def change(desk: Desk, team: UUID, endpoint: UUID, changes: Mapping[str, Any]) -> EndpointRow:
    """Replace what is given of `url`, `types` and `description`. What is owed already goes to the new address."""
    if "url" in changes:
        find(desk, team, endpoint)
        _check_address(desk, changes["url"])
    with _held(desk, team, endpoint) as (_, row):
        for name, value in changes.items():
            setattr(row, name, value)
        if "url" in changes:
            endpoints.begin_anew(row)
    return row


def find(desk: Desk, team: UUID, endpoint: UUID) -> EndpointRow:
    """The team's endpoint of this id."""
    with desk.database.begin() as session:
        return _or_missing(endpoints.owned(session, team, endpoint), endpoint)


def rotate(desk: Desk, team: UUID, endpoint: UUID) -> EndpointRow:
    """Give the endpoint a new secret; the one before signs beside it for `rotation.OVERLAP`."""
    now = desk.clock()
    with _held(desk, team, endpoint) as (_, row):
        before = rotation.signing(row.secrets, row.secret_ends, now)
        if len(before.keys) >= MOST_SECRETS:
            raise Conflict(
                "too-many-secrets",
                f"{MOST_SECRETS} secrets of this endpoint sign already",
                f"rotate again after {min(before.ends).isoformat()}, when the oldest ends",
            )
        after = rotation.rotated(before, new_secret(), now)
        row.secrets, row.secret_ends = after.keys, after.ends
    return row


def disable(desk: Desk, team: UUID, endpoint: UUID) -> EndpointRow:
    """Send nothing more; what is owed is given up, and can be delivered anew once the endpoint is enabled."""
    with _held(desk, team, endpoint) as (session, row):
        endpoints.disable(session, row, desk.clock(), "asked", "the endpoint was disabled")
    return row


def enable(desk: Desk, team: UUID, endpoint: UUID) -> EndpointRow:
    """Send what happens from now on."""
    with _held(desk, team, endpoint) as (_, row):
        row.disabled_at, row.disabled_because = None, None
        endpoints.begin_anew(row)
    return row


def remove(desk: Desk, team: UUID, endpoint: UUID) -> None:
    """Remove it, with its log and all that it is owed."""
    with _held(desk, team, endpoint) as (session, row):
        deliveries.forgive_all(session, row.id)
        session.delete(row)


def send_test(desk: Desk, team: UUID, endpoint: UUID) -> UUID:
    """Owe it a test event, signed and sent like any other; returns the event's id."""
    event = uuid4()
    with _held(desk, team, endpoint) as (session, row):
        now = desk.clock()
        _ask(row, now)
        deliveries.owe(session, row.id, event, now, test_at=now.isoformat())
    return event


def redeliver(desk: Desk, team: UUID, endpoint: UUID, delivery: UUID) -> UUID:
    """Deliver the event of this attempt once more, now, with all attempts before it; returns the event's id."""
    with _held(desk, team, endpoint) as (session, row):
        now = desk.clock()
        _ask(row, now)
        attempt = deliveries.find(session, row.id, delivery)
        if attempt is None or not (attempt.type == TEST_EVENT or events.exists_still(session, attempt.event_id)):
            raise Missing("no-such-delivery", f"the log of this endpoint has no delivery {delivery}")
        if not deliveries.owe_again(session, row.id, attempt.event_id, now):
            more = {"test_at": now.isoformat()} if attempt.type == TEST_EVENT else {}
            deliveries.owe(session, row.id, attempt.event_id, now, **more)
    return attempt.event_id


def redeliver_failed(desk: Desk, team: UUID, endpoint: UUID) -> int:
    """Deliver now what was given up, with all attempts before it; returns how many events that are.

    They are as many as may still be asked for in this minute; the rest stays given up, to be asked for later.
    """
    with _held(desk, team, endpoint) as (session, row):
        now = desk.clock()
        driven = deliveries.owe_failed_again(session, row.id, now, _room(row, now))
        _count(row, now, driven)
    return driven


@contextmanager
def _held(desk: Desk, team: UUID, endpoint: UUID) -> Iterator[tuple[Session, EndpointRow]]:
    with desk.database.begin() as session:
        yield session, _or_missing(endpoints.owned(session, team, endpoint, hold=True), endpoint)


def _or_missing(row: EndpointRow | None, endpoint: UUID) -> EndpointRow:
    if row is None:
        raise Missing("no-such-endpoint", f"your team has no endpoint {endpoint}", "GET /v1/endpoints lists them")
    return row


def _check_address(desk: Desk, url: str) -> None:
    """By its form, and by every address that its name leads to now; the courier looks again at each delivery."""
    networks = desk.settings.networks()
    check_url(url, networks)
    parts = urlsplit(url)
    assert parts.hostname is not None, "check_url wants a host"
    try:
        answers = look_up(parts.hostname, parts.port or 443).result(RESOLVE_SECONDS)
    except OSError as error:
        raise Refused(
            "endpoint-refused",
            f"{url!r} cannot be an endpoint: {parts.hostname} does not resolve now",
            "look at the name; if it is new, try again when the name servers know it",
        ) from error
    check_answers(parts.hostname, answers, networks)


def _ask(row: EndpointRow, now: datetime) -> None:
    """Count one delivery that is asked for. `row` is held, so of many at once none is missed."""
    _room(row, now)
    _count(row, now, 1)


def _count(row: EndpointRow, now: datetime, asked: int) -> None:
    row.asked = [*_asked_lately(row, now), *[now] * asked]


def _room(row: EndpointRow, now: datetime) -> int:
    """How many deliveries may still be asked for now, one at least; raises `Conflict` or `TooMany` when none may be."""
    if row.disabled_at is not None:
        raise Conflict("endpoint-disabled", "the endpoint is disabled", f"POST /v1/endpoints/{row.id}/enable first")
    lately = _asked_lately(row, now)
    if len(lately) < ASKED_PER_MINUTE:
        return ASKED_PER_MINUTE - len(lately)
    seconds = ceil((min(lately) + MINUTE - now).total_seconds())
    raise TooMany(
        "endpoint-busy",
        f"of this endpoint {ASKED_PER_MINUTE} deliveries were asked for within a minute",
        f"ask again in {seconds} s",
        Waiting(retry_after_seconds=seconds, places=ASKED_PER_MINUTE, window_seconds=60),
    )


def _asked_lately(row: EndpointRow, now: datetime) -> list[datetime]:
    return [at for at in row.asked if at > now - MINUTE]
