"""Dead letters: list what was given up, have it tried anew, or drop it. Called by `python -m services.gateway letters`.

A redriven deed has all its attempts before it; doing one twice does no harm (Standard Webhooks: the same id).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.desk import Desk
from services.gateway.store import letters, outbox
from services.gateway.store.letters import Chosen, DeadLetter
from shared.errors import Missing

LISTED = 200
"""Fills some screens; the count says how many there are in all."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many are due now, and how many were left alone because their endpoint is disabled."""

    due: int
    to_disabled: int


def given_up(desk: Desk) -> tuple[Sequence[DeadLetter], int]:
    """The newest dead letters, and how many there are in all."""
    with desk.database.begin() as session:
        return letters.listed(session, LISTED), letters.count(session)


def redrive(desk: Desk, chosen: Chosen) -> Redriven:
    """Make them due now, but those to disabled endpoints; raises `Missing` when there is none of them."""
    with desk.database.begin() as session:
        _need(letters.count(session, chosen.rows()), chosen)
        to_disabled = letters.to_disabled_endpoints()
        left = letters.count(session, chosen.rows() & to_disabled)
        return Redriven(outbox.redrive(session, chosen.rows() & ~to_disabled, desk.clock()), left)


def drop(desk: Desk, chosen: Chosen) -> int:
    """Remove them for good, and say how many; raises `Missing` when there is none of them."""
    with desk.database.begin() as session:
        return _need(letters.drop(session, chosen.rows()), chosen)


def _need(found: int, chosen: Chosen) -> int:
    if not found and not chosen.every:
        raise Missing("no-such-letter", "there is no dead letter of these", "`letters` lists them with their numbers")
    return found
