"""The demo's story among containers: teams are founded and truths published by the operator's own commands."""

import contextlib
import subprocess
from pathlib import Path

from deploy.demo.story import POOL, TEST_SPLIT
from deploy.demo.visitor import Visitor
from deploy.rehearsal.compose import ROOT, Compose

DEFINITION = "deploy/demo/ilsvrc2012"
"""From the top of the repository, and of the images, into which it is mounted: it is a demo's, and not in them."""

BLOW = """
import os, sys
from deploy.containers.health import worker_pid
worker = worker_pid()
print("armed", flush=True)
if sys.stdin.readline():
    os.kill(worker, 9)
"""
"""A scorer's job takes a fraction of a second, about as long as a command of Docker: so the blow waits in there."""


class Containers:
    """The stage: a project that is up."""

    def __init__(self, compose: Compose) -> None:
        self._compose = compose
        self._visitors = contextlib.ExitStack()
        self._blows: dict[str, subprocess.Popen[str]] = {}

    def publish(self, truth: Path) -> str:
        """Check the truth with the scorer's image, publish it with the gateway's; what the latter prints."""
        mounts = ("-v", f"{ROOT / 'deploy/demo'}:/app/deploy/demo:ro", "-v", f"{truth}:/truth.txt:ro")
        check = ("classification", "/truth.txt", "/truth.txt", "--definition", DEFINITION, "--split", "test")
        self._compose("run", "--rm", "-T", *mounts, "check", *check)
        options = ("--ground-truth", "test=/truth.txt", "--without-check")
        return self._compose("run", "--rm", "-T", *mounts, "publish", DEFINITION, *options)

    def newcomer(self, name: str) -> Visitor:
        """A new team with its key."""
        command = ("python", "-m", "services.gateway", "team", "create", name)
        return self.visitor(self._compose("exec", "-T", "gateway", *command).strip())

    def visitor(self, key: str) -> Visitor:
        """A team with its key, until the stage is closed."""
        visitor = Visitor(f"http://{self._compose.listen}", key, TEST_SPLIT, POOL)
        return self._visitors.enter_context(contextlib.closing(visitor))

    def arm(self) -> None:
        """Make ready to kill any scorer at once."""
        for container in self._compose.containers("scorer"):
            name = container["Config"]["Hostname"]
            if name not in self._blows:
                self._blows[name] = self._compose.popen(container["Id"], BLOW)
        for blow in self._blows.values():
            assert blow.stdout is not None, "it is a pipe"
            blow.stdout.readline()

    def kill(self, scorer: str) -> bool:
        """Kill the process that its container lives by; the engine starts it again."""
        blow = self._blows.pop(scorer.rpartition("-")[0], None)
        if blow is None:
            return False
        blow.communicate("now\n")
        return True

    def close(self) -> None:
        """Let go of everything that has been begun. The project stays up."""
        for blow in self._blows.values():
            blow.communicate()
        self._visitors.close()
