"""One dry run from the queue to the gateway: fetch, read in the sandbox, say what was found. Nothing is stored.

Somebody waits for it, and not for long: when that time is over, or its file is gone, it simply ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from services.scorer.fetch import Fetcher
from services.scorer.jobs import MOST_RUNS, STORAGE_PAUSE_SECONDS
from services.scorer.notices import Notices
from services.scorer.sandbox import CheckBrief, Crashed, Exhausted, Interrupted, Sandbox, SandboxBroken
from shared.errors import Missing, Unavailable
from shared.messages import CheckJob
from shared.queue import Again
from shared.report import Check, Failure

log = logging.getLogger(__name__)

CHECK_BYTES = 48 * 1024
"""What was found travels in a notice, which may have 64 KiB. Twenty faults and ten notes are some 10 kB."""


class Checks:
    """Works dry runs off, any number at once."""

    def __init__(self, fetcher: Fetcher, sandbox: Sandbox, notices: Notices) -> None:
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._notices = notices

    async def handle(self, job: CheckJob, run: int) -> None:
        """Bring one dry run to its end; `run` counts the runs of it that began. Raises `Again` to get it back."""
        try:
            await self._notices.checked(job, await self._found(job, run))
        except Missing as error:
            log.info("nobody waits for %s any more: %s", job.job_id, error)
        except Unavailable as error:
            log.warning("%s handed back: %s", job.job_id, error)
            raise Again(STORAGE_PAUSE_SECONDS) from error

    async def _found(self, job: CheckJob, run: int) -> Check | Failure:
        try:
            if run > MOST_RUNS:
                raise Crashed("scorers-died", f"{MOST_RUNS} runs of this file ended without a word")
            async with self._fetcher.files(job) as files, _limited(job.wait_seconds):
                brief = CheckBrief(task=job.task, split=job.split, labels=job.labels)
                return _believed(await self._sandbox.run(brief, files, lambda _: None), job)
        except Interrupted as error:
            raise Again(0.0, counted=True) from error
        except SandboxBroken as error:
            log.error("%s failed: %s", job.job_id, error)
            return Failure(code=error.code, sentence=error.sentence)


@contextlib.asynccontextmanager
async def _limited(seconds: float) -> AsyncIterator[None]:
    """Kill what runs longer than anybody waits for it."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Exhausted("sandbox-wall-time", f"reading the file took longer than {seconds:g} s") from error


def _believed(content: bytes, job: CheckJob) -> Check:
    """What was found, when it is that, about what was asked, and short enough to be told."""
    if len(content) > CHECK_BYTES:
        raise Exhausted("sandbox-report-too-large", f"what was found has {len(content):,} bytes, more than it may")
    try:
        found = Check.model_validate_json(content)
    except ValueError as error:
        raise Crashed("sandbox-report-invalid", "what came out of reading is not what a dry run finds") from error
    if (found.task, found.split, found.labels) != (job.task, job.split, job.labels):
        raise Crashed("sandbox-report-invalid", "what came out of reading is about something else")
    return found
