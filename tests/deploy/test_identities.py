"""Every service has its own identity in every store, with no more rights than docs/operations.md says."""

import psycopg
import pytest

from deploy.stack.addresses import Addresses
from shared.errors import Broken
from shared.keys import GROUND_TRUTH, REPORTS, SUBMISSIONS
from shared.storage import Storage


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


@pytest.mark.parametrize(("role", "other"), [("gateway", "quota"), ("quota", "gateway"), ("quota", "postgres")])
def test_a_database_role_cannot_connect_to_another_database(servers: Addresses, role: str, other: str) -> None:
    url = servers.database_url(role)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE mine_only ()")
        connection.rollback()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url.rsplit("/", 1)[0] + "/" + other)
