"""The demo's own stack: brought up by the command that people use, in a folder that each demo begins anew."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from deploy.demo.telling import Failed
from deploy.demo.visitor import Visitor
from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from deploy.stack.secrets import keep_secrets
from deploy.stack.status import as_json
from services.gateway.settings import GatewaySettings

LOOPBACK = {"HOLDOUT_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8"}
"""The demo's team receives its webhooks on this machine, which a gateway does not call by default."""

MARKER = "made-by-the-demo"
"""The file in a demo's folder by which the next demo knows that it may delete it."""


class DemoStack:
    """A running stack, seen from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)
        self.addresses = Addresses(read_ports(self._folder.ports), keep_secrets(self._folder.secrets))
        self._visitors = ExitStack()

    def visitor(self, key: str, split: str, pool: str) -> Visitor:
        """A team with its key, until the stack is closed."""
        return self._visitors.enter_context(closing(Visitor(self.addresses.gateway_url, key, split, pool)))

    def close(self) -> None:
        """Let every visitor go. The stack itself stays up."""
        self._visitors.close()

    def gateway_settings(self) -> GatewaySettings:
        """The gateway's settings, as the stack gives them."""
        return GatewaySettings.from_mapping(environment("gateway", self.addresses) | LOOPBACK)

    def processes(self) -> dict[str, int]:
        """The process id of each program that has one."""
        programs: list[dict[str, Any]] = json.loads(as_json(self._folder))["programs"]
        return {program["name"]: program["pid"] for program in programs if program["pid"] is not None}

    def process(self, name: str) -> int | None:
        """The process id of one program; None when it has none."""
        return self.processes().get(name)

    def kill(self, name: str) -> bool:
        """Kill the process of one program (-9); False when it has none."""
        process = self.process(name)
        if process is None:
            return False
        os.kill(process, signal.SIGKILL)
        return True


def begin_anew(folder: Path) -> None:
    """Empty `folder`, or make it, closed to others. Raises `Failed` when it holds what no demo made."""
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARKER).is_file()):
            raise Failed(
                f"{folder} was not made by a demo, so it is not deleted: give another one with --folder, "
                "or remove it yourself"
            )
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    (folder / MARKER).touch()


def bring_up(folder: Path, options: list[str]) -> Iterator[str]:
    """Start a fresh stack in `folder`; gives its lines as they come. Raises `Failed` when it does not come up."""
    if Folder(folder).supervisor() is not None:
        raise Failed(f"a demo is still up in {folder}: `make down` stops it")
    begin_anew(folder)
    command = [sys.executable, "-m", "deploy.stack", "up", "--folder", str(folder), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | LOOPBACK
    ) as up:
        assert up.stdout is not None
        for line in up.stdout:
            yield line.rstrip()
    if up.returncode != 0:
        raise Failed("the stack did not come up")
