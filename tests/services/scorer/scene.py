"""A scorer's inside with a real storage server and a real sandbox, and files put where its jobs find them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import httpx

from deploy.stack.addresses import Addresses
from services.scorer.cache import Cache
from services.scorer.checks import Checks
from services.scorer.fetch import Fetcher
from services.scorer.jobs import Jobs
from services.scorer.notices import Notices
from services.scorer.sandbox import Bounds, Sandbox
from shared import keys
from shared.clock import utc_now
from shared.digests import digest_of
from shared.messages import CheckJob, Job
from shared.report import Report
from shared.storage import Storage
from tests.services.scorer import toy
from tests.services.scorer.receiver import Receiver

BOUNDS = Bounds(wall_seconds=1, cpu_seconds=20, memory_bytes=2**28)
CACHE_BYTES = 2**20
HOSTILE = "tests.services.scorer.sandbox.hostile"


@dataclass(frozen=True, slots=True)
class Inside:
    """What works jobs off."""

    jobs: Jobs
    checks: Checks


class Scene:
    """The stores, and a job put into them."""

    def __init__(self, servers: Addresses, folder: Path, receiver: Receiver) -> None:
        self.servers = servers
        self.folder = folder
        self.receiver = receiver
        self.gateway = Storage(servers.storage_address("gateway"))
        publish = Storage(servers.storage_address("publish"))
        publish.put(keys.GROUND_TRUTH, keys.truth_key(digest_of(toy.TRUTH)), toy.TRUTH)
        definition = toy.DEFINITION
        publish.put(keys.GROUND_TRUTH, keys.definition_key(definition.digest()), definition.canonical())

    def job(self, submission: bytes) -> Job:
        """A job for a file that lies in S3."""
        key = keys.submission_key(uuid4(), uuid4())
        self.gateway.put(keys.SUBMISSIONS, key, submission)
        return Job(
            evaluation=uuid4(),
            attempt=1,
            submission_key=key,
            submission_digest=digest_of(submission),
            submission_bytes=len(submission),
            definition=toy.DEFINITION.digest(),
            truth=digest_of(toy.TRUTH),
            task="classification",
            split="test",
        )

    def check(self, submission: bytes, wait_seconds: float = 60) -> CheckJob:
        """A dry run's job for a file that lies in S3."""
        check = uuid4()
        key = keys.check_key(uuid4(), check)
        self.gateway.put(keys.SUBMISSIONS, key, submission)
        return CheckJob(
            check=check,
            wait_seconds=wait_seconds,
            submission_key=key,
            submission_digest=digest_of(submission),
            submission_bytes=len(submission),
            definition=toy.DEFINITION.digest(),
            task="classification",
            split="test",
            labels="wnid",
        )

    def report_of(self, job: Job) -> tuple[Report, str]:
        """What the gateway reads, and its digest."""
        content = self.gateway.read(keys.REPORTS, keys.report_key(job.evaluation, job.attempt), 2**20)
        return Report.model_validate_json(content), digest_of(content)

    def has_report(self, job: Job) -> bool:
        """Whether the attempt left a report."""
        return self.gateway.exists(keys.REPORTS, keys.report_key(job.evaluation, job.attempt))

    @contextlib.asynccontextmanager
    async def inside(self, endpoint: str | None = None, kind: type[Storage] = Storage) -> AsyncIterator[Inside]:
        """A scorer's inside."""
        address = self.servers.storage_address("scorer")
        storage = kind(replace(address, endpoint=endpoint) if endpoint else address)
        fetcher = Fetcher(Cache(storage, self.folder, CACHE_BYTES, utc_now))
        sandbox = Sandbox(BOUNDS, {"evaluate": f"{HOSTILE}:by_content", "check": f"{HOSTILE}:check_by_content"})
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            notices = Notices(client, self.receiver.url, self.receiver.secret, "tester", utc_now)
            await sandbox.start()
            try:
                yield Inside(Jobs(storage, fetcher, sandbox, notices), Checks(fetcher, sandbox, notices))
            finally:
                await notices.close()
                await sandbox.close()

    def work(self, job: Job | CheckJob, run: int = 1) -> None:
        """Work one job off."""

        async def once() -> None:
            async with self.inside() as inside:
                await (inside.checks.handle(job, run) if isinstance(job, CheckJob) else inside.jobs.handle(job, run))

        asyncio.run(once())

    def left_on_disk(self) -> set[str]:
        """Files in the cache folder."""
        return {path.name for path in self.folder.iterdir()}
