"""The checks that ask servers: green against the real ones, red against wrong keys, stopped servers and strangers."""

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.stack.addresses import Addresses
from services.gateway.desk import Desk
from services.gateway.doctor.clocks import check_clocks
from services.gateway.doctor.connections import (
    check_database,
    check_ledger,
    check_queue,
    check_scorers,
    check_storage,
)
from services.gateway.doctor.disks import check_disks, look_at
from services.gateway.doctor.mail import check_mail
from services.gateway.doctor.migrations import check_migrations
from services.gateway.doctor.ports import check_ports
from services.gateway.doctor.rights import check_rights
from services.gateway.doctor.truths import check_truths
from services.gateway.doctor.versions import check_versions, judged
from services.gateway.store import challenges, fleet
from shared import keys
from shared.clock import utc_now
from shared.messages import Alive
from shared.queue import Queue
from shared.storage import Storage
from shared.version import VERSION
from tests.services.gateway.courier.postbox import Postbox, listening
from tests.services.gateway.doctor.conftest import Made, told
from tests.services.quota.test_app import free_port
from tests.shared.test_fleet import counted, lanes
from tests.shared.test_queue import working
from tests.shared.valkey import Valkey

NOWHERE = "http://127.0.0.1:1"
WRONG = "a-password-that-opens-nothing"
SCORER = Alive(name="scorer-1", lane="evaluations", slots=2, running=0, version=VERSION)
CHECKER = SCORER.model_copy(update={"lane": "checks"})


class Stranger(BaseHTTPRequestHandler):
    """Some other program, that answers everything with a version of its own."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "0.0.1"}')

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@contextmanager
def stranger() -> Iterator[str]:
    """The port of such a program."""
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


def test_ports_tell_the_gateway_from_nobody_and_from_another_program(patient: Made) -> None:
    assert told(check_ports, patient())[0] == "ok"
    assert "nobody listens" in told(check_ports, patient(GATEWAY_PORT=str(free_port())))[1]
    with stranger() as port:
        state, saw = told(check_ports, patient(GATEWAY_PORT=port))
    assert (state, "another program" in saw) == ("trouble", True)


def test_the_database_is_asked(patient: Made, servers: Addresses) -> None:
    assert told(check_database, patient())[0] == "ok"
    url = servers.database_url("gateway")
    password = servers.secrets.database["gateway"]
    state, saw = told(check_database, patient(GATEWAY_DATABASE_URL=url.replace(password, WRONG)))
    assert (state, "password authentication failed" in saw) == ("trouble", True), saw
    assert WRONG not in saw
    gone = "postgresql://gateway:none@127.0.0.1:1/gateway"
    assert "refused" in told(check_database, patient(GATEWAY_DATABASE_URL=gone))[1]


def test_the_ledger_is_asked_with_its_token(patient: Made) -> None:
    assert told(check_ledger, patient())[0] == "ok"
    state, saw = told(check_ledger, patient(GATEWAY_QUOTA_TOKEN=WRONG))
    assert (state, "must be what HOLDOUT_QUOTA_TOKEN is there" in saw) == ("trouble", True)
    state, saw = told(check_ledger, patient(GATEWAY_QUOTA_URL=NOWHERE))
    assert (state, "look whether quota runs" in saw) == ("trouble", True)


def test_the_storage_is_asked(patient: Made) -> None:
    assert told(check_storage, patient())[0] == "ok"
    state, saw = told(check_storage, patient(GATEWAY_S3_SECRET_KEY=WRONG))
    assert (state, "must be those of the identity" in saw) == ("trouble", True)
    state, saw = told(check_storage, patient(GATEWAY_S3_ENDPOINT=NOWHERE))
    assert (state, "look whether S3 runs" in saw) == ("trouble", True)


def test_the_queue_is_asked_where_its_settings_are(patient: Made, tmp_path: Path) -> None:
    assert told(check_queue, patient())[0] == "ok"
    assert told(check_queue, patient(GATEWAY_REDIS_PASSWORD=WRONG))[0] == "trouble"
    assert told(check_queue, patient(GATEWAY_REDIS_HOST=None))[0] == "skipped"
    with Valkey(tmp_path) as valkey:
        address = valkey.address
        ours = {"GATEWAY_REDIS_PORT": str(address.port), "GATEWAY_REDIS_USERNAME": address.username}
        mine = patient(**ours, GATEWAY_REDIS_PASSWORD=address.password)
        assert told(check_queue, mine)[0] == "ok"
    state, saw = told(check_queue, mine)
    assert (state, f"look whether Valkey runs at 127.0.0.1:{address.port}" in saw) == ("trouble", True)


def test_scorers_are_counted_in_the_queue(patient: Made, servers: Addresses) -> None:
    async def scene() -> None:
        queue = Queue(servers.queue_address("courier"))
        async with working(servers.queue_address("scorer"), *lanes("doctor", 3, 1)):
            await counted(queue, lambda found: sum(sign.name == "doctor" for sign in found) == 2)
            state, saw = await asyncio.to_thread(told, check_scorers, patient())
            assert (state, "doctor" in saw) == ("ok", True)
        await queue.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("workers", "state", "part"),
    [
        ((), "trouble", "no scorer is alive"),
        ((SCORER, CHECKER), "ok", "1 alive (scorer-1), 2 evaluations at once"),
        ((SCORER,), "warning", "none of them takes dry runs"),
        ((SCORER, CHECKER.model_copy(update={"version": "0.0.1"})), "trouble", "rules 0.0.1"),
    ],
    ids=["none", "well", "no-checks", "old"],
)
def test_scorers_are_those_that_a_courier_counted_where_the_queue_may_not_be_asked(
    patient: Made, desk: Desk, workers: tuple[Alive, ...], state: str, part: str
) -> None:
    with desk.database.begin() as session:
        fleet.note(session, desk.clock(), workers)
    found, saw = told(check_scorers, patient(GATEWAY_REDIS_HOST=None))
    assert (found, part in saw) == (state, True), saw


def test_versions_are_those_of_the_servers_and_of_the_running_gateway(patient: Made) -> None:
    found = check_versions(patient())
    assert {finding.state for finding in found} == {"ok"}
    assert [finding.saw.split()[0] for finding in found] == ["Python", "PostgreSQL", "Valkey", "the"]
    with stranger() as port:
        state, saw = told(check_versions, patient(GATEWAY_PORT=port))
    assert (state, "the running gateway is 0.0.1" in saw) == ("warning", True)
    assert judged("PostgreSQL", "9.6.1", 9, 15).state == "trouble"


def test_an_old_migration_and_one_from_the_future_are_seen(patient: Made, desk: Desk) -> None:
    assert told(check_migrations, patient())[0] == "ok"
    with desk.database.begin() as session:
        newest = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    try:
        for version, state, part in (("0005", "trouble", "behind"), ("9999", "warning", "does not know")):
            put_at(desk, version)
            found, saw = told(check_migrations, patient())
            assert (found, part in saw) == (state, True)
    finally:
        put_at(desk, newest)


def put_at(desk: Desk, version: str) -> None:
    with desk.database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (8, "warning"), (-8, "warning"), (90, "trouble")])
def test_clocks_are_compared(patient: Made, seconds: int, state: str) -> None:
    ours = dataclasses.replace(patient(), clock=lambda: utc_now() + timedelta(seconds=seconds))
    found = check_clocks(ours)
    assert len(found) == 3
    assert {finding.state for finding in found} == {state}
    assert all(("behind" in finding.saw) == (seconds < 0) for finding in found)


def test_a_disk_without_room_and_a_storage_that_keeps_nothing_are_seen(patient: Made, tmp_path: Path) -> None:
    assert [finding.state for finding in check_disks(dataclasses.replace(patient(), folders=(tmp_path,)))][-1] == "ok"
    assert look_at(tmp_path / "nothing").state == "trouble"
    if (full := Path("/proc")).is_dir():
        assert look_at(full).state == "trouble", "a file system that takes nothing has no room"
    assert told(check_disks, patient(GATEWAY_S3_ENDPOINT=NOWHERE))[0] == "trouble"


def test_rights_are_neither_too_few_nor_too_many(patient: Made, servers: Addresses) -> None:
    assert told(check_rights, patient())[0] == "ok"
    scorer, admin = (servers.secrets.storage[name] for name in ("scorer", "admin"))
    few = patient(GATEWAY_S3_ACCESS_KEY=scorer.access_key, GATEWAY_S3_SECRET_KEY=scorer.secret_key)
    state, saw = told(check_rights, few)
    assert state == "trouble"
    assert "may not write to submissions" in saw
    assert "may read ground-truth, and must not" in saw
    many = patient(GATEWAY_S3_ACCESS_KEY=admin.access_key, GATEWAY_S3_SECRET_KEY=admin.secret_key)
    _, saw = told(check_rights, many)
    assert saw.count("and must not") == 4
    with closing(Storage(servers.storage_address("admin"))) as storage:
        left = [key for bucket in keys.BUCKETS for key in storage.keys(bucket, ".doctor")]
    assert left == [], "what should not have been written is gone"


def test_mail_is_tried_where_there_is_a_server_for_it(patient: Made) -> None:
    assert told(check_mail, patient())[0] == "skipped"
    ours = {"GATEWAY_MAIL_SENDER": "holdout@example.org", "GATEWAY_MAIL_TLS": "none"}
    with listening(Postbox()) as postbox:
        well = patient(GATEWAY_MAIL_HOST="localhost", GATEWAY_MAIL_PORT=str(postbox.port), **ours)
        assert told(check_mail, well)[0] == "ok"
    assert told(check_mail, patient(GATEWAY_MAIL_HOST="127.0.0.1", GATEWAY_MAIL_PORT="1", **ours))[0] == "trouble"


def test_a_truth_that_is_not_in_storage_is_named(patient: Made, desk: Desk, tiny: str, operator: Storage) -> None:
    assert told(check_truths, patient())[0] == "ok"
    assert told(check_truths, patient(PUBLISH_S3_ACCESS_KEY=None, PUBLISH_S3_SECRET_KEY=None))[0] == "skipped"
    with desk.database.begin() as session:
        key = keys.truth_key(challenges.newest(session, tiny).truths["classification", "test"])
    content = operator.read(keys.GROUND_TRUTH, key, 10_000)
    operator.delete(keys.GROUND_TRUTH, key)
    try:
        state, saw = told(check_truths, patient())
        assert (state, "the truth of classification/test" in saw) == ("trouble", True)
    finally:
        operator.put(keys.GROUND_TRUTH, key, content)
