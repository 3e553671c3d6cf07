"""A real gateway for tests: PostgreSQL, S3 and quota are real processes, the application runs in a thread of ours."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.programs import answers_ready
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.apikeys import SCOPES, Scope
from services.gateway.app import build_app
from services.gateway.commands import MIGRATIONS
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.settings import GatewaySettings
from shared import keys
from shared.clock import utc_now
from shared.digests import digest_of
from shared.messages import CheckNotice, Notice
from shared.migrations import migrate
from shared.report import Report
from shared.signing import sign
from shared.storage import Storage
from tests.waiting import eventually

LISTEN_HERE = {"HOLDOUT_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8"}

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(scope="session")
def settings(servers: Addresses) -> GatewaySettings:
    """The gateway's settings, as the stack gives them; endpoints may be on this machine."""
    return GatewaySettings.from_mapping(environment("gateway", servers) | LISTEN_HERE)


@pytest.fixture(scope="session")
def desk(settings: GatewaySettings, servers: Addresses, quota: int) -> Iterator[Desk]:
    """The gateway's clients, over a migrated database and real buckets."""
    migrate(settings.database_url, MIGRATIONS)
    with closing(Storage(servers.storage_address("admin"))) as admin:
        for bucket in keys.BUCKETS:
            admin.ensure_bucket(bucket)
    desk = open_desk(settings, "tests")
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def operator(servers: Addresses) -> Iterator[Storage]:
    """Storage under the key that publishes."""
    with closing(Storage(servers.storage_address("publish"))) as storage:
        yield storage


@pytest.fixture(scope="session")
def tiny(desk: Desk, operator: Storage) -> str:
    """A challenge of four images with a test split (2 a week) and a validation split."""
    truths = [f"{split}={TINY / 'truth.txt'}" for split in ("test", "validation")]
    return publish(desk.database, operator, utc_now, TINY, truths, check=False).challenge.name


@dataclass(frozen=True, slots=True)
class Team:
    """A team and an HTTP client that holds its key."""

    id: UUID
    name: str
    key: str
    http: httpx.Client

    def submit(self, body: bytes, split: str = "test", **query: str) -> httpx.Response:
        """Send `body` as a plain file."""
        path = f"/v1/challenges/tiny/tasks/classification/splits/{split}/submissions"
        return self.http.post(path, content=body, params=query, headers={"Content-Type": "text/plain"})

    def validate(self, body: bytes, split: str = "test", **query: str) -> httpx.Response:
        """Have `body` checked as a plain file."""
        path = f"/v1/challenges/tiny/tasks/classification/splits/{split}/validate"
        return self.http.post(path, content=body, params=query, headers={"Content-Type": "text/plain"})

    def remaining(self, pool: str = "tiny-test") -> int:
        """Places left in a pool."""
        pools = self.http.get("/v1/allowance").raise_for_status().json()["pools"]
        return next(int(standing["remaining"]) for standing in pools if standing["pool"] == pool)


@pytest.fixture(scope="session")
def gateway_url(settings: GatewaySettings, desk: Desk, tiny: str) -> Iterator[str]:
    """The served application."""
    with serving(settings) as url:
        yield url


@contextmanager
def serving(settings: GatewaySettings) -> Iterator[str]:
    """The application in a thread of ours; its address."""
    app = build_app(open_desk(settings, "tests serve"))
    config = uvicorn.Config(app, port=settings.port, log_config=None, forwarded_allow_ips="127.0.0.1")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: answers_ready(settings.port))
    yield f"http://127.0.0.1:{settings.port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def found(desk: Desk, gateway_url: str) -> Iterator[Callable[..., Team]]:
    """Found a team with a random name; `scopes` narrows its key."""
    clients: list[httpx.Client] = []

    def make(scopes: tuple[Scope, ...] = SCOPES) -> Team:
        team = found_team(desk, f"team {uuid4().hex[:12]}")
        key = make_key(desk, team.name, "tests", scopes).text()
        client = httpx.Client(base_url=gateway_url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        clients.append(client)
        return Team(team.id, team.name, key, client)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def team(found: Callable[..., Team]) -> Team:
    """A team with a key for everything."""
    return found()


@dataclass(frozen=True, slots=True)
class Scorer:
    """Stands in for a scorer: writes reports under the scorer's S3 key and signs notices with its secret."""

    storage: Storage
    secret: str
    url: str

    def write(self, report: Report, evaluation: UUID, attempt: int = 1) -> str:
        """Put the report where the gateway looks for it; returns its digest."""
        self.storage.put(keys.REPORTS, keys.report_key(evaluation, attempt), report.canonical())
        return digest_of(report.canonical())

    def notify(self, notice: Notice | CheckNotice, secret: str | None = None) -> httpx.Response:
        """Ring the gateway's bell."""
        body = notice.model_dump_json().encode()
        headers = sign([secret or self.secret], f"msg_{uuid4().hex}", utc_now(), body)
        return httpx.post(f"{self.url}/internal/outcomes", content=body, headers=headers)

    def conclude(self, report: Report, evaluation: UUID, attempt: int = 1) -> bool:
        """Report and ring; whether the gateway took it."""
        digest = self.write(report, evaluation, attempt)
        notice = Notice(
            kind="done", evaluation=evaluation, attempt=attempt, run=1, scorer="tests", report_digest=digest
        )
        return bool(self.notify(notice).raise_for_status().json()["proceed"])


@pytest.fixture(scope="session")
def scorer(servers: Addresses, gateway_url: str) -> Iterator[Scorer]:
    """A hand that reports outcomes."""
    with closing(Storage(servers.storage_address("scorer"))) as storage:
        yield Scorer(storage, servers.secrets.scorer_secret, gateway_url)
