"""The recorder as the run sees it: started, told secrets, put into moods, ended."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.stack.launching import launched
from deploy.stack.programs import ROOT
from tests.faults.recorder import Mood


class Listening:
    """A running recorder."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def endpoint(self, team: str) -> str:
        """The address that a team registers."""
        return f"{self._url}/hook/{team}"

    def know(self, team: str, secret: str) -> None:
        """Take what is signed with `secret` for this team's."""
        httpx.put(f"{self._url}/secrets", json={team: secret}, trust_env=False).raise_for_status()

    @contextmanager
    def behaving(self, mood: Mood) -> Iterator[None]:
        """Answer so for the length of the block."""
        self._be(mood)
        try:
            yield
        finally:
            self._be("well")

    def _be(self, mood: Mood) -> None:
        httpx.put(f"{self._url}/mood", json=mood, trust_env=False).raise_for_status()


@contextmanager
def listening(path: Path) -> Iterator[Listening]:
    """A recorder that writes to `path`; ends with the block, and with this process."""
    command = (sys.executable, "-m", "tests.faults.recorder", str(path))
    with subprocess.Popen(launched(command), cwd=ROOT, stdout=subprocess.PIPE, text=True) as recorder:
        assert recorder.stdout is not None, "it is a pipe"
        try:
            yield Listening(int(recorder.stdout.readline()))
        finally:
            recorder.terminate()
