"""Every service has its own identity in every store, with no more rights than docs/operations.md says."""

import asyncio

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from deploy.stack.addresses import Addresses
from shared.errors import Broken
from shared.keys import BUCKETS, GROUND_TRUTH, REPORTS, SUBMISSIONS
from shared.messages import Job
from shared.queue import LeasedWorker, Queue, Work, WorkerPlan
from shared.storage import Storage
from tests.jobs import new_job


def storage(servers: Addresses, identity: str) -> Storage:
    return Storage(servers.storage_address(identity))


@pytest.fixture
def truth(servers: Addresses) -> str:
    storage(servers, "publish").put(GROUND_TRUTH, "truths/a", b"held out")
    return "truths/a"


def refused(call: object, *arguments: object) -> bool:
    assert callable(call)
    with pytest.raises(Broken) as error:
        call(*arguments)
    return error.value.code == "storage-denied"


def test_the_gateway_may_neither_read_nor_write_nor_list_the_ground_truth(servers: Addresses, truth: str) -> None:
    gateway = storage(servers, "gateway")
    assert refused(gateway.read, GROUND_TRUTH, truth, 100)
    assert refused(gateway.exists, GROUND_TRUTH, truth)
    assert refused(gateway.put, GROUND_TRUTH, truth, b"mine")
    assert refused(gateway.delete, GROUND_TRUTH, truth)
    assert refused(lambda: list(gateway.keys(GROUND_TRUTH)))
    assert storage(servers, "scorer").read(GROUND_TRUTH, truth, 100) == b"held out"


def test_the_scorer_writes_reports_and_nothing_else(servers: Addresses, truth: str) -> None:
    storage(servers, "gateway").put(SUBMISSIONS, "team/file", b"1 2 3")
    scorer = storage(servers, "scorer")
    scorer.put(REPORTS, "e/1.json", b"{}")
    assert scorer.read(SUBMISSIONS, "team/file", 100) == b"1 2 3"
    assert refused(scorer.put, SUBMISSIONS, "team/file", b"4 5 6")
    assert refused(scorer.delete, SUBMISSIONS, "team/file")
    assert refused(scorer.put, GROUND_TRUTH, truth, b"mine")


def test_the_gateway_reads_reports_and_cannot_write_them(servers: Addresses) -> None:
    storage(servers, "scorer").put(REPORTS, "e/2.json", b"{}")
    gateway = storage(servers, "gateway")
    assert gateway.read(REPORTS, "e/2.json", 100) == b"{}"
    assert refused(gateway.put, REPORTS, "e/2.json", b"perfect")


def test_the_backup_reads_every_bucket_and_writes_none(servers: Addresses, truth: str) -> None:
    backup = storage(servers, "backup")
    assert backup.read(GROUND_TRUTH, truth, 100) == b"held out"
    for bucket in BUCKETS:
        assert isinstance(list(backup.keys(bucket)), list)
        assert refused(backup.put, bucket, "mine", b"")
        assert refused(backup.delete, bucket, "mine")


def test_the_backup_marks_the_log_and_reads_no_table(servers: Addresses) -> None:
    url = servers.database_url("backup")
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT pg_create_restore_point('test')").fetchone()
        for forbidden in ("SELECT * FROM pg_authid", "SELECT pg_read_file('PG_VERSION')", "CREATE DATABASE mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)
    for owned in ("gateway", "quota"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url.rsplit("/", 1)[0] + "/" + owned)


@pytest.mark.parametrize(("role", "other"), [("gateway", "quota"), ("quota", "gateway"), ("quota", "postgres")])
def test_a_database_role_cannot_connect_to_another_database(servers: Addresses, role: str, other: str) -> None:
    url = servers.database_url(role)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE mine_only ()")
        connection.rollback()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url.rsplit("/", 1)[0] + "/" + other)


def connected(servers: Addresses, user: str) -> Redis:
    address = servers.queue_address(user)
    return Redis(host=address.host, port=address.port, username=address.username, password=address.password)


def test_nobody_without_a_name_is_let_into_the_queue(servers: Addresses) -> None:
    with Redis(port=servers.ports["valkey"]) as anybody, pytest.raises(AuthenticationError):
        anybody.ping()


@pytest.mark.parametrize("user", ["courier", "scorer"])
def test_users_of_the_queue_reach_the_queue_and_nothing_else(servers: Addresses, user: str) -> None:
    with connected(servers, user) as queue:
        queue.set("arq:job:test", b"{}", px=1000)
        for lane in ("evaluations", "checks"):
            queue.zadd(f"{lane}:test", {"test": 1})
            queue.delete(f"{lane}:test")
            queue.publish(f"{lane}:wake", "test")
        for command in (
            ("SET", "elsewhere", "1"),
            ("PUBLISH", "elsewhere", "1"),
            ("KEYS", "*"),
            ("FLUSHALL",),
            ("CONFIG", "GET", "*"),
            ("ACL", "LIST"),
            ("SHUTDOWN",),
        ):
            with pytest.raises(NoPermissionError):
                queue.execute_command(*command)


def test_a_job_goes_through_the_queue_with_these_rights(servers: Addresses) -> None:
    job = new_job()

    async def put_and_work_off() -> Job:
        done: asyncio.Future[Job] = asyncio.get_running_loop().create_future()

        async def handle(handed: Job, _: int) -> None:
            done.set_result(handed)

        worker = LeasedWorker(servers.queue_address("scorer"), Work(Job, WorkerPlan(name="test"), handle))
        working = asyncio.create_task(worker.main())
        queue = Queue(servers.queue_address("courier"))
        await queue.put(job)
        handed = await asyncio.wait_for(done, 10)
        working.cancel()
        await asyncio.wait({working})
        await worker.close()
        await queue.close()
        return handed

    assert asyncio.run(put_and_work_off()) == job
