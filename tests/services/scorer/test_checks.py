"""A dry run from S3 to the gateway's ear, with a real storage server and a real sandbox: it is told, and kept nowhere."""

import asyncio

import pytest

from shared import keys
from shared.queue import Again
from shared.storage import Storage
from tests.services.scorer import toy
from tests.services.scorer.receiver import Heard, Receiver
from tests.services.scorer.scene import Scene

KEPT = {toy.DEFINITION.digest()}
"""What a dry run leaves on disk: the truth is not even fetched."""


def test_what_is_found_is_told_with_the_notice_and_no_truth_was_there(scene: Scene, receiver: Receiver) -> None:
    job = scene.check(b"a good file")
    before = reports(scene)
    scene.work(job)
    said = receiver.wait_for_check()
    assert said.check == job.check
    assert said.found is not None
    assert (said.found.outcome, said.found.labels, said.failure) == ("accepted", "wnid", None)
    assert (said.found.counts["bytes"], said.found.counts["truths"]) == (len(b"a good file"), 0)
    assert receiver.notices == []
    assert reports(scene) == before
    assert scene.left_on_disk() == KEPT


def reports(scene: Scene) -> list[str]:
    """Every report in S3."""
    return list(Storage(scene.servers.storage_address("admin")).keys(keys.REPORTS))


@pytest.mark.parametrize(
    ("submission", "code"),
    [
        (b"takes-memory", "sandbox-memory"),
        (b"sleeps", "sandbox-wall-time"),
        (b"crashes", "sandbox-crashed"),
        (b"mistaken", "sandbox-error"),
        (b"talks", "sandbox-report-too-large"),
        (b"lies", "sandbox-report-invalid"),
    ],
)
def test_a_file_that_breaks_its_child_is_told_as_a_failure(
    scene: Scene, receiver: Receiver, submission: bytes, code: str
) -> None:
    scene.work(scene.check(submission))
    said = receiver.wait_for_check()
    assert said.failure is not None
    assert (said.failure.code, said.found) == (code, None)


def test_a_child_is_killed_when_nobody_waits_for_it_any_more(scene: Scene, receiver: Receiver) -> None:
    scene.work(scene.check(b"sleeps", wait_seconds=0.1))
    said = receiver.wait_for_check()
    assert said.failure is not None
    assert "0.1 s" in said.failure.sentence


def test_a_dry_run_whose_file_is_gone_simply_ends(scene: Scene, receiver: Receiver) -> None:
    job = scene.check(b"a good file")
    scene.gateway.delete(keys.SUBMISSIONS, job.submission_key)
    scene.work(job)
    assert receiver.checks == []


def test_a_file_whose_scorers_died_three_times_is_not_given_a_fourth(scene: Scene, receiver: Receiver) -> None:
    scene.work(scene.check(b"a good file"), run=4)
    said = receiver.wait_for_check()
    assert said.failure is not None
    assert said.failure.code == "scorers-died"


def test_a_storage_that_is_away_hands_it_back_uncounted(scene: Scene) -> None:
    async def handed_back() -> Again:
        async with scene.inside(endpoint="http://127.0.0.1:9") as inside:
            with pytest.raises(Again) as caught:
                await inside.checks.handle(scene.check(b"a good file"), 1)
            return caught.value

    assert not asyncio.run(handed_back()).counted


def test_it_is_said_until_it_is_heard_under_one_id(scene: Scene, receiver: Receiver) -> None:
    refusals = iter([503, 503])

    def answer(_: Heard) -> tuple[int, dict[str, bool]]:
        return next(refusals, 200), {"proceed": True}

    receiver.answer = answer
    scene.work(scene.check(b"a good file"))
    receiver.wait_for_check()
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
