"""The stack as people use it, with the three servers: up, status, down, and what survives being killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from deploy.stack.processes import Life, alive, gone_within
from deploy.stack.programs import ROOT
from deploy.stack.secrets import keep_secrets
from deploy.stack.state import StackState, read_state
from tests.stacks import need_servers

Answer = subprocess.CompletedProcess[str]


def stack(command: str, folder: Path, *options: str) -> Answer:
    """`python -m deploy.stack COMMAND --folder FOLDER …`."""
    arguments = (sys.executable, "-m", "deploy.stack", command, "--folder", str(folder), *options)
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120)


def up(folder: Path, *options: str) -> Answer:
    return stack("up", folder, "--servers-only", *options)


def addresses(folder: Path) -> Addresses:
    return Addresses(read_ports(Folder(folder).ports), keep_secrets(Folder(folder).secrets))


def known(folder: Path) -> StackState:
    state = read_state(Folder(folder))
    assert state is not None
    return state


def lives(folder: Path) -> list[Life]:
    """Every process of the stack, the supervisor first."""
    state = known(folder)
    return [state.supervisor, *(program.life for program in state.programs if program.life)]


def write_row(folder: Path) -> None:
    with psycopg.connect(addresses(folder).database_url("gateway")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO kept DEFAULT VALUES")


def rows(folder: Path) -> int:
    with psycopg.connect(addresses(folder).database_url("gateway")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM kept").fetchone() or (0,)
    return int(count)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    need_servers()
    yield tmp_path / "holdout"
    stack("down", tmp_path / "holdout")


def test_a_stack_comes_up_shows_itself_refuses_a_second_start_and_goes_down(folder: Path) -> None:
    began = up(folder)
    assert began.returncode == 0, began.stdout + began.stderr
    assert "postgres ready in" in began.stdout
    assert folder.stat().st_mode & 0o777 == 0o700
    assert Folder(folder).secrets.stat().st_mode & 0o777 == 0o600

    status = json.loads(stack("status", folder, "--json").stdout)
    assert status["ready"]
    assert {program["name"] for program in status["programs"]} == {"postgres", "valkey", "seaweedfs"}
    assert "valkey" in stack("status", folder).stdout

    second = up(folder)
    assert second.returncode == 1
    assert f"a stack already runs in {folder} (process {status['supervisor']})" in second.stdout

    running = lives(folder)
    assert len(running) == 4
    ended = stack("down", folder)
    assert "everything stopped in" in ended.stdout
    assert not any(alive(life) for life in running)
    again = stack("down", folder)
    assert (again.returncode, again.stdout) == (0, f"nothing runs in {folder}\n")


def test_a_killed_database_comes_back_with_its_data(folder: Path) -> None:
    assert up(folder).returncode == 0
    write_row(folder)
    postgres = next(program for program in known(folder).programs if program.name == "postgres")
    assert postgres.life is not None
    os.kill(postgres.life.pid, signal.SIGKILL)
    assert gone_within(postgres.life, 10)
    until_ready_again(folder, "postgres")
    assert rows(folder) == 1


def test_when_the_supervisor_is_killed_its_children_end_and_the_next_start_has_the_data(folder: Path) -> None:
    assert up(folder).returncode == 0
    write_row(folder)
    ports = read_ports(Folder(folder).ports)
    running = lives(folder)
    os.kill(running[0].pid, signal.SIGKILL)
    if sys.platform == "linux":
        assert all(gone_within(life, 10) for life in running)
    assert stack("status", folder).returncode == 3
    assert up(folder).returncode == 0
    assert rows(folder) == 1
    assert read_ports(Folder(folder).ports) == ports


def until_ready_again(folder: Path, name: str) -> None:
    log = Folder(folder).log("stack")
    with subprocess.Popen(("tail", "-n", "+1", "-F", str(log)), stdout=subprocess.PIPE, text=True) as lines:
        assert lines.stdout is not None
        seen = (line for line in lines.stdout if f" {name} ready" in line)
        next(seen)
        next(seen)
        lines.kill()


def test_a_given_port_that_is_taken_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = up(folder, "--valkey-port", str(port))
    assert answer.returncode == 1
    assert f"port {port}, asked for by --valkey-port, is taken" in answer.stdout
    assert "leave --valkey-port out" in answer.stdout


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    answer = up(blocked / "holdout")
    assert answer.returncode == 1
    assert f"{blocked / 'holdout'} cannot be written to" in answer.stderr
    assert "--folder" in answer.stderr


def test_damaged_secrets_are_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    Folder(folder).secrets.write_text("{}")
    answer = up(folder)
    assert answer.returncode == 1
    assert "secrets.json is damaged" in answer.stdout
    assert Folder(folder).secrets.read_text() == "{}"


def test_a_command_needs_a_running_stack(folder: Path) -> None:
    answer = stack("run", folder, "services.gateway", "team", "create", "someone")
    assert answer.returncode == 1
    assert "no stack runs in" in answer.stderr
