"""What a killed supervisor left behind is ended by the next start, and nothing else is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack.folder import Folder
from deploy.stack.processes import Life, alive, life_of
from deploy.stack.state import ProgramState, StackState, end_leftovers, write_state
from shared.clock import utc_now


@pytest.fixture
def sleeper() -> Iterator[Life]:
    with subprocess.Popen((sys.executable, "-c", "import time; time.sleep(600)"), start_new_session=True) as process:
        life = life_of(process.pid)
        assert life is not None
        yield life
        process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "stack")
    folder.make()
    return folder


def note(folder: Folder, life: Life) -> None:
    program = ProgramState(name="service", phase="ready", life=life)
    supervisor = Life(pid=1, mark="long gone")
    write_state(folder, StackState(supervisor=supervisor, since=utc_now(), ready=True, programs=(program,)))


def test_leftovers_are_ended(folder: Folder, sleeper: Life) -> None:
    note(folder, sleeper)
    assert end_leftovers(folder) == ["service"]
    assert not alive(sleeper)
    assert end_leftovers(folder) == []


def test_a_stranger_with_the_number_of_a_leftover_is_left_alone(folder: Folder, sleeper: Life) -> None:
    note(folder, Life(pid=sleeper.pid, mark="an earlier one"))
    assert end_leftovers(folder) == []
    assert alive(sleeper)


def test_a_folder_without_a_past_has_no_leftovers(folder: Folder) -> None:
    assert end_leftovers(folder) == []
