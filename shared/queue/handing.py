"""How a job is handed to its handler, and what becomes of it when the handler does not bring it to an end."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from arq.constants import retry_key_prefix
from arq.worker import Retry as RetryLater
from pydantic import ValidationError

from shared.messages import FileJob
from shared.queue.connection import FAULTS

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 60.0
"""Between two runs of a job that keeps failing."""

JobT = TypeVar("JobT", bound=FileJob)

Handler = Callable[[JobT, int], Awaitable[None]]
"""Works one job off; the second argument counts the runs of this job that began and were not handed back (1, 2, …)."""


class Again(Exception):
    """Raised by a handler: hand this job out again in `delay_seconds`. Only a `counted` run moves the count on."""

    def __init__(self, delay_seconds: float, counted: bool = False) -> None:
        super().__init__(f"again in {delay_seconds:g} s")
        self.delay_seconds = delay_seconds
        self.counted = counted


def as_arq_calls(kind: type[JobT], handle: Handler[JobT]) -> Callable[..., Awaitable[None]]:
    """`handle` as arq calls it: `Again` becomes arq's retry, and so does any mistake, with growing pauses."""

    async def work(context: dict[str, Any], content: dict[str, Any]) -> None:
        try:
            job = kind.model_validate_json(json.dumps(content))
        except ValidationError:
            log.exception("not a job, dropped; the database will put it in again: %s", content)
            return
        run = int(context["job_try"])
        try:
            await handle(job, run)
        except Again as again:
            if not again.counted:
                await _uncount(context)
            raise RetryLater(again.delay_seconds) from again
        except asyncio.CancelledError:
            # Handed back while draining: nobody's fault.
            await _uncount(context)
            raise
        except Exception as error:
            log.exception("run %d of %s failed", run, job.job_id)
            raise RetryLater(min(LONGEST_PAUSE_SECONDS, 2.0**run)) from error

    return work


async def _uncount(context: dict[str, Any]) -> None:
    """Take this run out of the job's count, which arq moved on when it handed the job out."""
    with contextlib.suppress(*FAULTS):
        await context["redis"].decr(retry_key_prefix + context["job_id"])
