"""One job from S3 to S3, with a real storage server, a real sandbox and a real listener for the notices."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from services.scorer import VERSION
from shared import keys
from shared.digests import digest_of
from shared.errors import Broken
from shared.messages import Job
from shared.queue import Again
from shared.storage import Storage
from tests.services.scorer import toy
from tests.services.scorer.receiver import Heard, Receiver
from tests.services.scorer.scene import Scene

KEPT = {digest_of(toy.TRUTH), toy.DEFINITION.digest()}


def test_a_good_file_gets_its_report_and_the_gateway_hears_of_it(scene: Scene, receiver: Receiver) -> None:
    job = scene.job(b"a good file")
    scene.work(job)
    report, digest = scene.report_of(job)
    assert report.outcome == "scored"
    assert report.metrics["bytes"] == len(b"a good file")
    assert report.provenance.scorer == VERSION
    done = receiver.wait_for("done", job.evaluation)
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
    assert receiver.wait_for("done", job.evaluation).report_digest is not None
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

    def answer(notice: Heard) -> tuple[int, dict[str, bool]]:
        return (next(refusals, 200) if notice.kind == "done" else 200), {"proceed": True}

    receiver.answer = answer
    job = scene.job(b"a good file")
    scene.work(job)
    receiver.wait_for("done", job.evaluation)
    said = [name for name in receiver.ids if name.endswith(":done")]
    assert len(said) == 3
    assert len(set(said)) == 1


def test_a_gateway_that_is_away_does_not_stop_the_scoring(scene: Scene, receiver: Receiver) -> None:
    receiver.answer = lambda _: (503, {})
    job = scene.job(b"a good file")
    scene.work(job)
    assert scene.report_of(job)[0].outcome == "scored"


class OntoAFullDisk(Storage):
    """What it fetches finds no room."""

    def fetch(self, bucket: str, key: str, path: Path, digest: str, limit_bytes: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_a_full_disk_hands_the_job_back_uncounted(scene: Scene) -> None:
    async def handed_back(job: Job) -> Again:
        async with scene.inside(kind=OntoAFullDisk) as inside:
            with pytest.raises(Again) as caught:
                await inside.jobs.handle(job, 3)
        return caught.value

    job = scene.job(b"a good file")
    assert not asyncio.run(handed_back(job)).counted
    assert not scene.has_report(job)


def test_a_storage_that_is_away_hands_the_job_back_uncounted(scene: Scene) -> None:
    async def handed_back(job: Job) -> Again:
        async with scene.inside(endpoint="http://127.0.0.1:9") as inside:
            with pytest.raises(Again) as caught:
                await inside.jobs.handle(job, 1)
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
        async with scene.inside() as inside:
            await asyncio.gather(*(inside.jobs.handle(job, 1) for job in jobs))

    asyncio.run(all_at_once())
    assert [scene.report_of(job)[0].metrics["bytes"] for job in jobs] == list(range(1, 9))
    assert scene.left_on_disk() == KEPT
