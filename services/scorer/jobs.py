"""One job from the queue to the report in S3: fetch, score in the sandbox, store, say so.

What goes wrong is sorted here: the file's limits and crashes end as a `failed` report at once, since the same file would
do it again; S3 being away, or our disk full, hands the job back uncounted; anything else is tried again, three runs in all.
"""

import asyncio
import errno
import logging

from services.scorer import VERSION
from services.scorer.fetch import Fetcher
from services.scorer.notices import Notices
from services.scorer.progress import Progress
from services.scorer.sandbox import Brief, Crashed, Interrupted, Sandbox, SandboxBroken
from shared import keys
from shared.digests import digest_of
from shared.errors import Broken, Unavailable
from shared.messages import Job
from shared.queue import Again
from shared.report import Failure, Provenance, Report
from shared.storage import Storage

log = logging.getLogger(__name__)

MOST_RUNS = 3
"""A file whose scorers died three times is not given a fourth."""

STORAGE_PAUSE_SECONDS = 3.0
"""When S3 is away: a restart takes it one or two seconds."""


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""A full disk of ours is not the file's fault, and counts as no run of it."""

ROOM_PAUSE_SECONDS = 3.0


class _Stale(Exception):
    """The gateway does not wait for this attempt any more."""


class Jobs:
    """Works jobs off, any number at once."""

    def __init__(self, storage: Storage, fetcher: Fetcher, sandbox: Sandbox, notices: Notices) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._notices = notices

    async def handle(self, job: Job, run: int) -> None:
        """Bring one attempt to its report; `run` counts the runs of it that began. Raises `Again` to get it back."""
        started = asyncio.create_task(self._notices.started(job, run))
        try:
            await self._work(job, run, started)
        except _Stale:
            log.info("%s does not count any more", job.job_id)
        except Unavailable as error:
            log.warning("%s handed back: %s", job.job_id, error)
            raise Again(STORAGE_PAUSE_SECONDS) from error
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            log.warning("%s handed back: no room on this machine's disk", job.job_id)
            raise Again(ROOM_PAUSE_SECONDS) from error
        finally:
            started.cancel()

    async def _work(self, job: Job, run: int, started: asyncio.Task[bool]) -> None:
        with Progress("fetch", lambda stage: self._notices.stage(job, run, stage)) as progress:
            report = await self._outcome(job, run, progress, started)
            _stop_if_stale(started)
            progress.turn_to("store")
            content = report.canonical()
            key = keys.report_key(job.evaluation, job.attempt)
            await asyncio.to_thread(self._storage.put, keys.REPORTS, key, content)
            progress.turn_to("done")
            await self._notices.done(job, run, digest_of(content), progress.seconds())

    async def _outcome(self, job: Job, run: int, progress: Progress, started: asyncio.Task[bool]) -> Report:
        if run > MOST_RUNS:
            sentence = f"{MOST_RUNS} runs of this file ended without a report"
            return await self._failed(job, SandboxBroken("scorers-died", sentence))
        try:
            return await self._scored(job, progress, started)
        except Interrupted as error:
            raise Again(1.0, counted=True) from error
        except SandboxBroken as error:
            log.error("%s failed: %s", job.job_id, error)
            return await self._failed(job, error)

    async def _scored(self, job: Job, progress: Progress, started: asyncio.Task[bool]) -> Report:
        brief = Brief(task=job.task, split=job.split, provenance=_provenance(job))
        async with self._fetcher.files(job) as files:
            _stop_if_stale(started)
            progress.turn_to("begin")
            content = await self._sandbox.run(brief, files, progress.turn_to)
        return await asyncio.to_thread(_believed, content, brief)

    async def _failed(self, job: Job, error: SandboxBroken) -> Report:
        definition = await asyncio.to_thread(self._fetcher.definition, job.definition)
        task = definition.tasks.get(job.task)
        if task is None:
            raise Broken("task-unknown", f"definition {job.definition} has no task {job.task}")
        return Report(
            outcome="failed",
            challenge=definition.name,
            version=definition.version,
            task=job.task,
            split=job.split,
            protocol=task.protocol,
            headline=task.headline,
            failure=Failure(code=error.code, sentence=f"{error.sentence}; nothing is charged"),
            provenance=_provenance(job),
        )


def _stop_if_stale(started: asyncio.Task[bool]) -> None:
    """Raise `_Stale` when the gateway has answered, and said so; nothing waits for its answer."""
    if started.done() and not started.result():
        raise _Stale


def _provenance(job: Job) -> Provenance:
    return Provenance(
        scorer=VERSION,
        definition=job.definition,
        truth=job.truth,
        submission=job.submission_digest,
        labels=job.labels,
    )


def _believed(content: bytes, brief: Brief) -> Report:
    """The report, when it is one, in its one spelling, about what was asked."""
    try:
        report = Report.model_validate_json(content)
    except ValueError as error:
        raise Crashed("sandbox-report-invalid", "what came out of scoring is not a report") from error
    asked = (brief.task, brief.split, brief.provenance)
    if (report.task, report.split, report.provenance) != asked or report.outcome == "failed":
        raise Crashed("sandbox-report-invalid", "what came out of scoring is a report about something else")
    return report
