"""Waiting for a condition, and what is said when it does not come."""

import time
from collections.abc import Callable
from typing import TypeVar

ValueT = TypeVar("ValueT")

LOOK_SECONDS = 0.05

LONGEST_SECONDS = 120.0
"""What has not come to an outcome by then never will."""


class Overdue(Exception):
    """Something did not come back in the time that it has."""


def until(look: Callable[[], ValueT], seconds: float, what: str = "") -> ValueT:
    """The first truthy answer; raises `Overdue` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        if time.monotonic() > deadline:
            raise Overdue(what or f"not within {seconds:.0f} s")
        time.sleep(LOOK_SECONDS)
    return value
