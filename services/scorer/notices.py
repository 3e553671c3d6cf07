"""The scorer's signed word to the gateway: started, stage, done. Bells only: the report in S3 is the truth.

`started` and `stage` are said once and may be lost. `done` is said until heard, for a minute; then the gateway's sweep
finds the report by itself. `checked`, the end of a dry run, is said as `done` is, and carries all that was found.
"""

import asyncio
import logging
from typing import Any

import httpx

from shared.clock import Clock
from shared.digests import Digest
from shared.messages import CheckJob, CheckNotice, Job, Notice
from shared.report import Check, Failure
from shared.signing import sign

log = logging.getLogger(__name__)

PAUSES_SECONDS = (0.2, 0.5, 1, 2, 4, 8, 15, 30)
"""Between the tries of `done`: a minute in all. The gateway restarts in a few seconds."""

LAST_WORDS_SECONDS = 3
"""How long a scorer that stops waits for its `done`s to be heard."""


class Notices:
    """One scorer's voice. `client` has its time limits set."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: str, scorer: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._secret = secret
        self._scorer = scorer
        self._clock = clock
        self._unheard: set[asyncio.Task[None]] = set()

    async def started(self, job: Job, run: int) -> bool:
        """Whether to go on: False only when the gateway says that this attempt does not count any more."""
        answer = await self._say(self._notice(job, run, kind="started"))
        return not (isinstance(answer, dict) and answer.get("proceed") is False)

    async def stage(self, job: Job, run: int, stage: str) -> None:
        """Say what is being done."""
        await self._say(self._notice(job, run, kind="stage", stage=stage))

    async def done(self, job: Job, run: int, report: Digest, timings: dict[str, float]) -> None:
        """Say that the report is there; returns after the first try, the others go on beside the next job."""
        await self._say_until_heard(self._notice(job, run, kind="done", report_digest=report, timings=timings))

    async def checked(self, job: CheckJob, found: Check | Failure) -> None:
        """Say what a dry run found, or why it could not; returns after the first try, as `done` does."""
        about = {"found": found} if isinstance(found, Check) else {"failure": found}
        await self._say_until_heard(CheckNotice(check=job.check, scorer=self._scorer, **about))

    async def close(self) -> None:
        """Give the last words a moment."""
        if self._unheard:
            _, unheard = await asyncio.wait(self._unheard, timeout=LAST_WORDS_SECONDS)
            for task in unheard:
                task.cancel()

    def _notice(self, job: Job, run: int, **what: Any) -> Notice:
        return Notice(evaluation=job.evaluation, attempt=job.attempt, run=run, scorer=self._scorer, **what)

    async def _say_until_heard(self, notice: Notice | CheckNotice) -> None:
        if await self._say(notice) is None:
            task = asyncio.create_task(self._insist(notice))
            self._unheard.add(task)
            task.add_done_callback(self._unheard.discard)

    async def _insist(self, notice: Notice | CheckNotice) -> None:
        for pause in PAUSES_SECONDS:
            await asyncio.sleep(pause)
            if await self._say(notice) is not None:
                return
        log.error("%s was not heard; a sweep of the gateway's finds a report, or clears a dry run", _name(notice))

    async def _say(self, notice: Notice | CheckNotice) -> Any:
        """The gateway's answer; None when it did not hear and may later, {} when it heard and did not like it."""
        body = notice.model_dump_json().encode()
        headers = sign([self._secret], _name(notice), self._clock(), body) | {"content-type": "application/json"}
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
            if answer.status_code >= 500 or answer.status_code == 429:
                return None
            if answer.is_success:
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            log.warning("%s not heard: %s", _name(notice), error)
            return None
        log.error("the gateway refuses our notice with %d: %s", answer.status_code, answer.text[:500])
        return {}


def _name(notice: Notice | CheckNotice) -> str:
    """The same words have the same id, however often they are said."""
    if isinstance(notice, CheckNotice):
        return f"check:{notice.check}:{notice.kind}"
    return f"{notice.evaluation}:{notice.attempt}:{notice.run}:{notice.stage or notice.kind}"
