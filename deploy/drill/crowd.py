"""The drill's teams: their challenge, their keys, and files that are all different and scored for real."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.running import LOOPBACK
from deploy.demo.visitor import Visitor
from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.settings import GatewaySettings
from shared.storage import Storage

IMAGES = 1000
CATEGORIES = 1000
SPLIT = "/v1/challenges/drill/tasks/classification/splits/{}"
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Team:
    """One team and its key."""

    name: str
    key: str


def predictions(wrong: int) -> bytes:
    """A file with exactly so many wrong images, the truth when none is."""
    return b"".join(b"%d %s\n" % (_label(image, wrong), OTHERS) for image in range(IMAGES))


OTHERS = b"1000 999 998 997"
"""Four guesses that are wrong for nearly every image."""


def _label(image: int, wrong: int) -> int:
    return (image * 7 + (image < wrong)) % (CATEGORIES - 10) + 1


def truth() -> bytes:
    """The right label of every image."""
    return b"".join(b"%d\n" % _label(image, 0) for image in range(IMAGES))


def found_crowd(addresses: Addresses, teams: int) -> list[Team]:
    """Publish the drill's challenge and found its teams, by the deeds that the operator's commands call."""
    with _desk(addresses) as desk, tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "truth.txt"
        labels.write_bytes(truth())
        truths = [f"{split}={labels}" for split in ("before", "during")]
        with closing(Storage(addresses.storage_address("publish"))) as operator:
            publish(desk.database, operator, desk.clock, Path(__file__).parent, truths)
        return [_found(desk, f"team {number}") for number in range(1, teams + 1)]


def _found(desk: Desk, name: str) -> Team:
    found_team(desk, name)
    return Team(name, make_key(desk, name, "drill").text())


@contextmanager
def _desk(addresses: Addresses) -> Iterator[Desk]:
    settings = GatewaySettings.from_mapping(environment("gateway", addresses) | LOOPBACK)
    with closing(open_desk(settings, "drill")) as desk:
        yield desk


def visitor(url: str, team: Team, split: str = "before") -> Visitor:
    """The team at one split; close it."""
    return Visitor(url, team.key, SPLIT.format(split), split)


def score_for_real(url: str, teams: list[Team], files: int) -> None:
    """Have the teams submit so many files, each another one, publish them all, and wait until they are scored."""

    def score(number: int) -> None:
        with closing(visitor(url, teams[number % len(teams)])) as one:
            outcome = one.scored(predictions(number + 1), f"method {number}")
            assert outcome["evaluation"]["state"] == "scored", outcome

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(score, range(files)):
            pass
