"""The real service on a real PostgreSQL, once for all tests; each test brings teams of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from deploy.stack.addresses import Addresses
from tests.services.quota.ledgers import request


@dataclass(frozen=True, slots=True)
class Service:
    """A running quota service: a client that may, its port and token, and the database behind it."""

    http: httpx.Client
    port: int
    token: str = field(repr=False)
    database_url: str = field(repr=False)

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
def service(servers: Addresses, quota: int) -> Iterator[Service]:
    """Quota, serving."""
    token = servers.secrets.quota_token
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{quota}", headers=headers, trust_env=False) as http:
        yield Service(http, quota, token, servers.database_url("quota"))


@pytest.fixture
def team() -> UUID:
    """A team that has never been seen."""
    return uuid4()
