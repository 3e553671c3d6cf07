"""Only processes that the stack started are ever ended, however numbers are reused."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.stack.processes import Life, alive, gone_within, life_of, send


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen((sys.executable, "-c", "import time; time.sleep(600)")) as process:
        yield process
        process.kill()


def test_a_process_is_known_by_its_number_and_its_start(sleeper: subprocess.Popen[bytes]) -> None:
    life = life_of(sleeper.pid)
    assert life is not None
    assert alive(life)
    send(life, signal.SIGTERM)
    assert gone_within(life, 10)


def test_a_process_that_got_the_number_of_another_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    another = Life(pid=sleeper.pid, mark="an earlier one")
    assert not alive(another)
    send(another, signal.SIGKILL)
    assert life_of(sleeper.pid) is not None


def test_the_remains_of_a_process_do_not_count_as_alive(sleeper: subprocess.Popen[bytes]) -> None:
    life = life_of(sleeper.pid)
    assert life is not None
    sleeper.kill()
    assert gone_within(life, 10)
    assert life_of(sleeper.pid) is None
