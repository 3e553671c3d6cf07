"""Sets the scene: lines, disk, recorder and stack; the challenges, the teams and their endpoints; takes all down again."""

import contextlib
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from services.gateway.actions import endpoints
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.settings import GatewaySettings
from shared.storage import Storage
from tests.faults import venue
from tests.faults.client import Client
from tests.faults.disk import small_disk
from tests.faults.history import History
from tests.faults.keeper import TEAM as KEEPER
from tests.faults.keeper import Keeper
from tests.faults.links import Links
from tests.faults.listening import Listening, listening
from tests.faults.organiser import Organiser
from tests.faults.prober import Prober
from tests.faults.scene import LINES, Scene
from tests.stacks import ANY_PORT, Stack, start

LISTEN_HERE = {"HOLDOUT_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8"}
PROBER = "prober"


@dataclass(frozen=True, slots=True)
class Papers:
    """The files of a run, in its folder."""

    folder: Path

    @property
    def history(self) -> Path:
        """What clients were told."""
        return self.folder / "history.jsonl"

    @property
    def heard(self) -> Path:
        """What the recorder took."""
        return self.folder / "heard.jsonl"

    @property
    def felt(self) -> Path:
        """What each fault did."""
        return self.folder / "faults.jsonl"

    @property
    def stack(self) -> Path:
        """The stack's folder."""
        return self.folder / "stack"


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands: the scene, the clients of the teams, and everybody's key by the team's name."""

    scene: Scene
    clients: list[Client]
    keys: dict[str, str]
    history: History


@contextmanager
def set_up(papers: Papers, teams: int, draw: random.Random, *, keepers: int, with_disk: bool) -> Iterator[Stage]:
    """Everything running, until the end of the block; `keepers`: how many truths will be lost."""
    with ExitStack() as standing:
        disk = standing.enter_context(small_disk(papers.stack)) if with_disk else None
        standing.callback(_keep_logs, papers)
        receivers = standing.enter_context(listening(papers.heard))
        links = _links(papers.stack)
        standing.callback(links.close)
        stack = start(papers.stack, *ANY_PORT, *_detours(links), settings=LISTEN_HERE)
        standing.callback(stack.stop)
        settings = GatewaySettings.from_mapping(stack.environment("gateway") | LISTEN_HERE)
        desk = standing.enter_context(closing(open_desk(settings, "faults")))
        history = standing.enter_context(closing(History(papers.history)))
        organiser = standing.enter_context(closing(_publish(stack, desk, papers.folder)))
        kept = [f"{KEEPER}-{number}" for number in range(1, keepers + 1)]
        names = (PROBER, *kept, *(f"team-{number}" for number in range(1, teams + 1)))
        keys = {name: _found(desk, receivers, name) for name in names}
        url = f"http://127.0.0.1:{links.port(('clients', 'gateway'))}"
        clients = {name: Client(url, name, key, random.Random(draw.random())) for name, key in keys.items()}
        for client in clients.values():
            standing.callback(client.close)
        prober = Prober(clients.pop(PROBER), history, random.Random(draw.random()))
        keeper = Keeper([clients.pop(name) for name in kept], history, random.Random(draw.random()))
        scene = Scene(stack, links, receivers, disk, desk, prober, organiser, keeper, papers.heard)
        yield Stage(scene, list(clients.values()), keys, history)


def _keep_logs(papers: Papers) -> None:
    """The stack's disk may go with the run; what the programs said stays beside its papers."""
    with contextlib.suppress(OSError):
        shutil.copytree(papers.stack / "logs", papers.folder / "logs")


def _links(folder: Path) -> Links:
    """The lines end at ports that the stack chooses when it starts."""

    def port(name: str) -> int:
        return read_ports(Folder(folder).ports)[name]

    return Links({line: partial(port, line[1]) for line in LINES})


def _detours(links: Links) -> list[str]:
    programs = [line for line in LINES if line[0] != "clients"]
    return [f"--through={program}:{name}={links.port((program, name))}" for program, name in programs]


def _publish(stack: Stack, desk: Desk, folder: Path) -> Organiser:
    """Both challenges; returns who publishes further versions of the one."""
    homes = {name: folder / "challenges" / name for name in (venue.NAME, venue.REVISED)}
    for home in homes.values():
        home.mkdir(parents=True)
    truths = venue.write(homes[venue.NAME])
    with closing(Storage(stack.addresses.storage_address("publish"))) as operator:
        # Its truths need no check: every score of the run is held against what it must be.
        publish(desk.database, operator, desk.clock, homes[venue.NAME], truths, check=False)
    organiser = Organiser(desk, stack.addresses, homes[venue.REVISED])
    organiser.begin_publishing()
    organiser.finish_publishing()
    return organiser


def _found(desk: Desk, receivers: Listening, name: str) -> str:
    """A team with an endpoint at the recorder; its key."""
    team = found_team(desk, name)
    endpoint = endpoints.register(desk, team.id, endpoints.Draft(receivers.endpoint(name)))
    receivers.know(name, endpoint.secrets[0])
    return make_key(desk, name, "faults").text()
