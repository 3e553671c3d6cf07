"""A challenge of a test's own: published, changed, and published anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from uuid import uuid4

import httpx

from services.gateway.desk import Desk
from services.gateway.publish import Publication, publish
from shared.clock import Clock, utc_now
from shared.storage import Storage
from tests.services.gateway.conftest import TINY, Team


@dataclass(frozen=True, slots=True)
class Edition:
    """The tiny challenge under a name of its own, in a folder of its own. Its pools are those of the tiny one."""

    desk: Desk
    operator: Storage
    folder: Path
    name: str

    def publish(self, clock: Clock = utc_now, split: str = "test") -> Publication:
        """Make the version in the folder live, with the truth of one split."""
        truth = f"{split}={self.folder / 'truth.txt'}"
        return publish(self.desk.database, self.operator, clock, self.folder, [truth], check=False)

    def revise(self) -> None:
        """Write version 2 where version 1 was."""
        rewrite(self.folder, "version = 1", "version = 2")

    def submit(self, team: Team, content: bytes | Iterable[bytes], split: str = "test") -> httpx.Response:
        """Send a plain file."""
        path = f"/v1/challenges/{self.name}/tasks/classification/splits/{split}/submissions"
        return team.http.post(path, content=content, headers={"Content-Type": "text/plain"})


def edition_in(desk: Desk, operator: Storage, folder: Path) -> Edition:
    """Version 1, not yet published."""
    copied, name = copytree(TINY, folder / "challenge"), f"tiny-{uuid4().hex[:8]}"
    rewrite(copied, '"tiny"', f'"{name}"')
    return Edition(desk, operator, copied, name)


def rewrite(folder: Path, old: str, new: str) -> None:
    """Change the definition in `folder`."""
    path = folder / "challenge.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
