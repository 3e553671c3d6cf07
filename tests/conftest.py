"""Real servers for tests: PostgreSQL, Valkey and SeaweedFS, started once through the code of the one-machine stack."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.launching import launched
from deploy.stack.ports import choose_ports
from deploy.stack.problem import Trouble
from deploy.stack.program import Program
from deploy.stack.secrets import keep_secrets
from deploy.stack.servers.postgres import postgres
from deploy.stack.servers.seaweedfs import seaweedfs
from deploy.stack.servers.valkey import valkey


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """The three servers; `.database_url(role)`, `.queue_address(user)` and `.storage_address(identity)` open them."""
    folder = tmp_path_factory.mktemp("servers")
    addresses = Addresses(choose_ports(folder / "ports.json", {}), keep_secrets(folder / "secrets.json"))
    try:
        programs = (
            postgres(folder / "postgres", addresses),
            valkey(folder / "valkey", addresses.ports["valkey"], addresses.secrets),
            seaweedfs(folder / "seaweedfs", addresses),
        )
    except Trouble as trouble:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(trouble))
    processes = [_start(program) for program in programs]
    for program in programs:
        _await(program)
    yield addresses
    for program, process in zip(programs, processes, strict=True):
        process.send_signal(program.stop_signal)
    for process in processes:
        process.wait(10)


def _start(program: Program) -> subprocess.Popen[bytes]:
    program.prepare()
    with (program.folder / "log").open("wb") as log:
        return subprocess.Popen(
            launched(program.command, program.launch),
            env=dict(program.environment),
            cwd=program.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(program: Program) -> None:
    deadline = time.monotonic() + 30
    while not program.ready(""):
        log = Path(program.folder / "log")
        assert time.monotonic() < deadline, f"{program.name} is not ready: {log.read_text()[-2000:]}"
        time.sleep(0.02)
