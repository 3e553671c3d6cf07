"""The real service on a real PostgreSQL, once for all tests; each test brings teams of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from benchmarks.quota import serving
from deploy.stack.addresses import Addresses
from services.quota.migrations import FOLDER
from shared.migrations import migrate
from tests.services.quota.ledgers import request

TOKEN = "the-token-of-these-tests"


@dataclass(frozen=True, slots=True)
class Service:
    """A running quota service: a client that may, its port, and the database behind it."""

    http: httpx.Client
    port: int
    database_url: str

    def reserve(self, team: UUID, submission: UUID | None = None, **changes: object) -> httpx.Response:
        """Ask for one of two places a week."""
        asked = request(0, team, **changes).model_copy(update={"submission": submission or uuid4()})
        return self.http.post("/v1/reservations", content=asked.model_dump_json())

    def settle(self, submission: UUID | str, to: str, fault: str | None = None) -> httpx.Response:
        """Say what became of a place."""
        return self.http.post(f"/v1/reservations/{submission}/settle", json={"to": to, "fault": fault})

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Look into the ledger, or try to change it."""
        with psycopg.connect(self.database_url) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def service(servers: Addresses) -> Iterator[Service]:
    """Quota, serving."""
    port, database_url = servers.ports["quota"], servers.database_url("quota")
    migrate(database_url, FOLDER)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving(port, database_url, TOKEN),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as http,
    ):
        yield Service(http, port, database_url)


@pytest.fixture
def team() -> UUID:
    """A team that has never been seen."""
    return uuid4()
