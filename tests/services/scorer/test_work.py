"""`python -m services.scorer work` as a process, on real servers: takes a job, reports, stops when told, leaves nobody."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.stack.addresses import Addresses
from services.scorer.tasks import classification
from shared import keys
from shared.digests import digest_of
from shared.messages import Job
from shared.queue import Queue
from shared.report import Report
from shared.storage import Storage
from tests.services.scorer.receiver import Receiver
from tests.services.scorer.sandbox.rooms import descendants, gone, until

EXAMPLE = classification.EXAMPLE


class Worker:
    """The process, with what it says."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "services.scorer", "work"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, words: str) -> None:
        """Until a line holds `words`."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(words in line for line in self.lines), 30), self.lines

    def end(self) -> None:
        """Kill it if it runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as said:
            for line in said:
                with self._changed:
                    self.lines.append(line)
                    self._changed.notify_all()


def environment_of(servers: Addresses, receiver: Receiver, folder: Path) -> dict[str, str]:
    queue, storage = servers.queue_address("scorer"), servers.storage_address("scorer")
    told = {
        "REDIS_HOST": queue.host,
        "REDIS_PORT": str(queue.port),
        "REDIS_USERNAME": queue.username,
        "REDIS_PASSWORD": queue.password,
        "S3_ENDPOINT": storage.endpoint,
        "S3_ACCESS_KEY": storage.access_key,
        "S3_SECRET_KEY": storage.secret_key,
        "CALLBACK_URL": receiver.url,
        "SECRET": receiver.secret,
        "NAME": "tester",
        "CACHE_FOLDER": str(folder / "cache"),
    }
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOLDOUT_")}
    return ours | {f"HOLDOUT_SCORER_{name}": value for name, value in told.items()}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def worker(servers: Addresses, receiver: Receiver, tmp_path: Path) -> Iterator[Worker]:
    running = Worker(environment_of(servers, receiver, tmp_path))
    yield running
    running.end()


def sealed(servers: Addresses) -> Job:
    """The example's predictions in S3, with its truth and definition."""
    gateway, publish = (Storage(servers.storage_address(name)) for name in ("gateway", "publish"))
    truth, definition = digest_of(EXAMPLE.truth), EXAMPLE.definition.digest()
    publish.put(keys.GROUND_TRUTH, keys.truth_key(truth), EXAMPLE.truth)
    publish.put(keys.GROUND_TRUTH, keys.definition_key(definition), EXAMPLE.definition.canonical())
    key = keys.submission_key(uuid4(), uuid4())
    gateway.put(keys.SUBMISSIONS, key, EXAMPLE.predictions)
    return Job(
        evaluation=uuid4(),
        attempt=1,
        submission_key=key,
        submission_digest=digest_of(EXAMPLE.predictions),
        submission_bytes=len(EXAMPLE.predictions),
        definition=definition,
        truth=truth,
        task="classification",
        split="test",
    )


def enqueue(servers: Addresses, job: Job) -> None:
    async def put() -> None:
        queue = Queue(servers.queue_address("courier"))
        await queue.put(job)
        await queue.close()

    asyncio.run(put())


def test_a_sealed_file_becomes_a_report(servers: Addresses, receiver: Receiver, worker: Worker) -> None:
    job = sealed(servers)
    enqueue(servers, job)
    done = receiver.wait_for("done", job.evaluation)
    content = Storage(servers.storage_address("gateway")).read(
        keys.REPORTS, keys.report_key(job.evaluation, job.attempt), 2**20
    )
    assert done.report_digest == digest_of(content)
    assert Report.model_validate_json(content).outcome == "scored"


def test_it_says_ready_and_stops_when_told_leaving_nobody(worker: Worker) -> None:
    worker.wait_for(" ready")
    worker.wait_for("sandbox up")
    below = descendants(worker.process.pid)
    assert below
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(20) == 0
    asyncio.run(until(lambda: gone(below)))
    assert not any("Traceback" in line for line in worker.lines)


def test_a_killed_worker_leaves_nobody(worker: Worker) -> None:
    worker.wait_for(" ready")
    below = descendants(worker.process.pid)
    worker.process.kill()
    asyncio.run(until(lambda: gone(below)))


def test_missing_and_bad_settings_are_named() -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HOLDOUT_")}
    given = bare | {"HOLDOUT_SCORER_SECRET": "whsec_dG9vIHNob3J0IGZvciB0aGlz", "HOLDOUT_SCORER_SLOTS": "many"}
    tried = subprocess.run(
        [sys.executable, "-m", "services.scorer", "work"], env=given, capture_output=True, text=True, check=False
    )
    assert tried.returncode == 1
    for name in ("S3_ENDPOINT", "REDIS_PASSWORD", "CACHE_FOLDER", "CALLBACK_URL", "SLOTS", "SECRET: "):
        assert f"HOLDOUT_SCORER_{name}" in tried.stderr
    assert "24 to 64 bytes" in tried.stderr
    assert "Traceback" not in tried.stderr
