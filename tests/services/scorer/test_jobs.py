"""One job from S3 to S3, with a real storage server, a real sandbox and a real listener for the notices."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.stack.addresses import Addresses
from services.scorer import VERSION
from services.scorer.cache import Cache
from services.scorer.jobs import Jobs
from services.scorer.notices import Notices
from services.scorer.sandbox import Bounds, Sandbox
from shared import keys
from shared.clock import utc_now
from shared.digests import digest_of
from shared.errors import Broken
from shared.messages import Job, Notice
from shared.queue import Again
from shared.report import Report
from shared.storage import Storage
from tests.services.scorer import toy
from tests.services.scorer.receiver import Receiver

BOUNDS = Bounds(wall_seconds=1, cpu_seconds=20, memory_bytes=2**28)
CACHE_BYTES = 2**20


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

    def report_of(self, job: Job) -> tuple[Report, str]:
        """What the gateway reads, and its digest."""
        content = self.gateway.read(keys.REPORTS, keys.report_key(job.evaluation, job.attempt), 2**20)
        return Report.model_validate_json(content), digest_of(content)

    def has_report(self, job: Job) -> bool:
        """Whether the attempt left a report."""
        return self.gateway.exists(keys.REPORTS, keys.report_key(job.evaluation, job.attempt))

    @contextlib.asynccontextmanager
    async def jobs(self, endpoint: str | None = None) -> AsyncIterator[Jobs]:
        """A scorer's inside."""
        address = self.servers.storage_address("scorer")
        storage = Storage(replace(address, endpoint=endpoint) if endpoint else address)
        cache = Cache(storage, self.folder, CACHE_BYTES, utc_now)
        sandbox = Sandbox(BOUNDS, "tests.services.scorer.sandbox.hostile:by_content")
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            notices = Notices(client, self.receiver.url, self.receiver.secret, "tester", utc_now)
            await sandbox.start()
            try:
                yield Jobs(storage, cache, sandbox, notices)
            finally:
                await notices.close()
                await sandbox.close()

    def work(self, job: Job, run: int = 1) -> None:
        """Work one job off."""

        async def once() -> None:
            async with self.jobs() as jobs:
                await jobs.handle(job, run)

        asyncio.run(once())

    def left_on_disk(self) -> set[str]:
        """Files in the cache folder."""
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def scene(servers: Addresses, tmp_path: Path, receiver: Receiver) -> Scene:
    return Scene(servers, tmp_path / "cache", receiver)


KEPT = {digest_of(toy.TRUTH), toy.DEFINITION.digest()}


def test_a_good_file_gets_its_report_and_the_gateway_hears_of_it(scene: Scene, receiver: Receiver) -> None:
    job = scene.job(b"a good file")
    scene.work(job)
    report, digest = scene.report_of(job)
    assert report.outcome == "scored"
    assert report.metrics["bytes"] == len(b"a good file")
    assert report.provenance.scorer == VERSION
    done = receiver.wait_for("done")
    assert (done.evaluation, done.attempt, done.run, done.scorer) == (job.evaluation, 1, 1, "tester")
    assert done.report_digest == digest
    assert list(done.timings) == ["fetch", "begin", "read", "count", "store"]
    assert scene.left_on_disk() == KEPT


def test_the_same_file_gives_the_same_report(scene: Scene) -> None:
    first, second = scene.job(b"a good file"), scene.job(b"a good file")
    scene.work(first)
    scene.work(second)
    assert scene.report_of(first) == scene.report_of(second)


@pytest.mark.parametrize(
    ("submission", "code"),
    [(b"takes-memory", "sandbox-memory"), (b"sleeps", "sandbox-wall-time"), (b"crashes", "sandbox-crashed")],
)
def test_a_file_that_breaks_its_child_fails_at_once_and_is_not_charged(
    scene: Scene, receiver: Receiver, submission: bytes, code: str
) -> None:
    job = scene.job(submission)
    scene.work(job)
    report, _ = scene.report_of(job)
    assert report.outcome == "failed"
    assert report.failure is not None
    assert report.failure.code == code
    assert report.failure.sentence.endswith("nothing is charged")
    assert (report.challenge, report.headline, report.metrics) == ("toy", "top_5_error", {})
    assert receiver.wait_for("done").report_digest is not None
    assert scene.left_on_disk() == KEPT


def test_a_file_whose_scorers_died_three_times_fails_without_a_fourth(scene: Scene) -> None:
    job = scene.job(b"a good file")
    scene.work(job, run=4)
    report, _ = scene.report_of(job)
    assert report.failure is not None
    assert report.failure.code == "scorers-died"


def test_a_long_stage_is_announced_and_a_short_one_is_not(scene: Scene, receiver: Receiver) -> None:
    scene.work(scene.job(b"sleeps"))
    assert receiver.kinds() == ["started", "asleep", "done"]


def test_an_attempt_that_does_not_count_any_more_is_left_alone(scene: Scene, receiver: Receiver) -> None:
    receiver.answer = lambda _: (200, {"proceed": False})
    job = scene.job(b"sleeps")
    scene.work(job)
    assert not scene.has_report(job)
    assert receiver.kinds()[0] == "started"
    assert "done" not in receiver.kinds()
    assert scene.left_on_disk() == KEPT


def test_done_is_said_until_it_is_heard_under_one_id(scene: Scene, receiver: Receiver) -> None:
    refusals = iter([503, 503])

    def answer(notice: Notice) -> tuple[int, dict[str, bool]]:
        return (next(refusals, 200) if notice.kind == "done" else 200), {"proceed": True}

    receiver.answer = answer
    job = scene.job(b"a good file")
    scene.work(job)
    receiver.wait_for("done")
    said = [name for name in receiver.ids if name.endswith(":done")]
    assert len(said) == 3
    assert len(set(said)) == 1


def test_a_gateway_that_is_away_does_not_stop_the_scoring(scene: Scene, receiver: Receiver) -> None:
    receiver.answer = lambda _: (503, {})
    job = scene.job(b"a good file")
    scene.work(job)
    assert scene.report_of(job)[0].outcome == "scored"


def test_a_storage_that_is_away_hands_the_job_back_uncounted(scene: Scene) -> None:
    async def handed_back(job: Job) -> Again:
        async with scene.jobs(endpoint="http://127.0.0.1:9") as jobs:
            with pytest.raises(Again) as caught:
                await jobs.handle(job, 1)
            return caught.value

    again = asyncio.run(handed_back(scene.job(b"a good file")))
    assert not again.counted
    assert scene.left_on_disk() == set()


def test_a_file_other_than_its_digest_is_not_scored(scene: Scene) -> None:
    job = scene.job(b"a good file")
    scene.gateway.put(keys.SUBMISSIONS, job.submission_key, b"another one")
    with pytest.raises(Broken, match="digest"):
        scene.work(job)
    assert not scene.has_report(job)
    assert scene.left_on_disk() == KEPT


def test_many_jobs_at_once_get_each_its_own_report(scene: Scene) -> None:
    jobs = [scene.job(b"x" * count) for count in range(1, 9)]

    async def all_at_once() -> None:
        async with scene.jobs() as inside:
            await asyncio.gather(*(inside.handle(job, 1) for job in jobs))

    asyncio.run(all_at_once())
    assert [scene.report_of(job)[0].metrics["bytes"] for job in jobs] == list(range(1, 9))
    assert scene.left_on_disk() == KEPT
