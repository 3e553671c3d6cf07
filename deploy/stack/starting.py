"""How a stack is brought up and kept, in the supervisor's own process."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.stack.addresses import Addresses
from deploy.stack.backup import backup, remembered
from deploy.stack.checks import allow_open_files
from deploy.stack.folder import Folder
from deploy.stack.ports import choose_ports
from deploy.stack.problem import Trouble
from deploy.stack.program import Program
from deploy.stack.programs import ROOT, servers, services
from deploy.stack.secrets import keep_secrets
from deploy.stack.state import end_leftovers
from deploy.stack.supervisor import Supervisor
from shared.clock import utc_now


@dataclass(frozen=True, slots=True)
class Wish:
    """What `up` was asked for.

    A port that is None is kept from the last start or chosen, 0 is chosen. `through`: see addresses.py. `behind`: nobody
    watches once all is ready. `backup`: where one is kept, from now on; None where the last start was told.
    """

    ports: Mapping[str, int | None]
    scorers: int = 2
    servers_only: bool = False
    behind: bool = False
    backup: Path | None = None
    through: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Teller:
    """Takes lines for people: to the terminal as long as there is one, and with the time to `logs/stack.log`."""

    def __init__(self, log: IO[str]) -> None:
        self._log = log

    def __call__(self, line: str) -> None:
        """Tell `line`."""
        # A full disk shall not end the supervisor.
        with contextlib.suppress(OSError):
            print(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {line}", file=self._log, flush=True)
        try:
            print(line, flush=True)
        except BrokenPipeError:
            self.let_go()
        except OSError:
            # A file on the same disk.
            return

    def let_go(self) -> None:
        """Close our end of the terminal, or of the pipe to whoever started us."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def supervise(folder: Folder, wish: Wish) -> int:
    """Bring everything up and keep it until told to stop; the exit status."""
    os.umask(0o077)
    folder.make()
    with folder.log("stack").open("a", encoding="utf-8") as log:
        tell = Teller(log)
        try:
            with folder.take():
                _supervise(folder, wish, tell)
        except Trouble as trouble:
            tell(str(trouble))
            return 1
    return 0


def _supervise(folder: Folder, wish: Wish, tell: Teller) -> None:
    allow_open_files()
    for name in end_leftovers(folder):
        tell(f"{name} was left over by a supervisor that was killed, and has been ended")
    addresses = Addresses(choose_ports(folder.ports, wish.ports), keep_secrets(folder.secrets), through=wish.through)
    programs = _programs(folder, addresses, wish)

    def ready() -> None:
        if not wish.servers_only:
            tell(f"Holdout is at {addresses.gateway_url}; its data is in {folder.path}")
        if wish.behind:
            tell.let_go()

    asyncio.run(Supervisor(folder, programs, tell, utc_now).run(ready))


def _programs(folder: Folder, addresses: Addresses, wish: Wish) -> tuple[Program, ...]:
    to = remembered(folder, wish.backup)
    standing = servers(folder, addresses) + ((backup(folder, to, ROOT),) if to else ())
    if wish.servers_only:
        return standing
    return standing + services(folder, addresses, wish.scorers)
