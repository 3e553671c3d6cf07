"""How long we wait for those who send: whoever is silent or slow is cut off, and what it held is for others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from shared.errors import Refused

STALL_SECONDS = 30
"""A sender that is silent for so long is gone: its room is for others."""


class TooSlow(Refused):
    """What was being read is cut: nothing more can be read of it."""


@contextlib.asynccontextmanager
async def in_time(limit_seconds: float, sentence: str, remedy: str) -> AsyncIterator[None]:
    """Raises `TooSlow` when the block has not ended after `limit_seconds`."""
    patience = asyncio.timeout(limit_seconds)
    try:
        async with patience:
            yield
    except TimeoutError as error:
        if not patience.expired():
            raise
        raise TooSlow("upload-too-slow", sentence, remedy) from error
