"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

ValueT = TypeVar("ValueT")


def eventually(look: Callable[[], ValueT], timeout_seconds: float = 30) -> ValueT:
    """The first truthy answer of `look`; fails after the timeout with the last answer."""
    deadline = time.monotonic() + timeout_seconds
    while not (value := look()):
        assert time.monotonic() < deadline, f"not within {timeout_seconds} s: last answer {value!r}"
        time.sleep(0.02)
    return value
