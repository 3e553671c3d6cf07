"""What happens to the stack of a drill: it is started, killed and deleted, and brought back, by the commands of operators."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.running import LOOPBACK
from deploy.demo.telling import Failed
from deploy.stack.addresses import Addresses
from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from deploy.stack.processes import gone_within, send
from deploy.stack.secrets import keep_secrets
from deploy.stack.state import read_state


def command(module: str, *arguments: str) -> str:
    """What `python -m MODULE …` prints; raises `Failed` when the command does."""
    done = subprocess.run(
        (sys.executable, "-m", module, *arguments), capture_output=True, text=True, env=os.environ | LOOPBACK
    )
    if done.returncode != 0:
        raise Failed(f"{module} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Start:
    """A stack that is up: where everything is, and when its gateway first answered (`time.monotonic`)."""

    addresses: Addresses
    answered: float

    @property
    def url(self) -> str:
        """The gateway."""
        return self.addresses.gateway_url


def up(folder: Path, *options: str) -> Start:
    """Start a stack there, on any port; returns when everything is ready."""
    arguments = ("-m", "deploy.stack", "up", "--folder", str(folder), "--gateway-port", "0", *options)
    said, answered = [], 0.0
    with subprocess.Popen(
        (sys.executable, *arguments), stdout=subprocess.PIPE, text=True, env=os.environ | LOOPBACK
    ) as starting:
        assert starting.stdout is not None, "it is a pipe"
        for line in starting.stdout:
            said.append(line)
            if line.startswith("gateway ready"):
                answered = time.monotonic()
    if starting.returncode != 0:
        raise Failed(f"the stack did not come up:\n{''.join(said)}")
    return Start(addresses_of(folder), answered)


def down(folder: Path) -> None:
    """Stop it."""
    command("deploy.stack", "down", "--folder", str(folder))


def addresses_of(folder: Path) -> Addresses:
    """Where everything of the stack in `folder` is."""
    place = Folder(folder)
    return Addresses(read_ports(place.ports), keep_secrets(place.secrets))


def destroy(folder: Path) -> None:
    """Kill every process of the stack (-9), the backup's too, and delete everything that it had."""
    state = read_state(Folder(folder))
    assert state is not None, "it runs"
    lives = [state.supervisor, *(program.life for program in state.programs if program.life)]
    for life in lives:
        send(life, signal.SIGKILL)
    for life in lives:
        gone_within(life, 10)
    shutil.rmtree(folder)
