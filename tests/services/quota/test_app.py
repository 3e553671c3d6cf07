"""The service without its database, and with settings that will not do."""

import socket
from uuid import uuid4

import httpx
import pytest

from benchmarks.quota import serving
from services.quota.settings import QuotaSettings
from tests.services.quota.ledgers import request

TOKEN = "the-token-of-these-tests"


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nowhere() -> str:
    """A database address where nobody answers."""
    return f"postgresql://quota:none@127.0.0.1:{free_port()}/quota"


def test_without_its_database_the_ledger_admits_nobody_and_says_when_to_come_back() -> None:
    port, headers = free_port(), {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving(port, nowhere(), TOKEN),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as http,
    ):
        refusals = [
            http.post("/v1/reservations", content=request(1).model_dump_json()),
            http.post(f"/v1/reservations/{uuid4()}/settle", json={"to": "spent"}),
            http.get(f"/v1/standing?team={uuid4()}&pool=test&places=2&window_seconds=60"),
        ]
        for refused in refusals:
            assert (refused.status_code, refused.json()["code"]) == (503, "database-unavailable")
            assert int(refused.headers["retry-after"]) > 0
        assert http.get("/healthz").status_code == 200
        unready = http.get("/readyz")
        assert (unready.status_code, unready.json()) == (503, {"database": False, "serving": True})


@pytest.mark.parametrize("token", ["", "short", "change-me-change-me", "secret-secret-secret"])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(SystemExit, match="HOLDOUT_QUOTA_TOKEN"):
        QuotaSettings.from_environment(database_url=nowhere(), token=token)
