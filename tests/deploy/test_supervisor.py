"""The supervisor, with small programs in place of the servers: order, restarts, stopping, what it says."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.stack.folder import Folder
from deploy.stack.keeper import pause_seconds
from deploy.stack.logs import LOG_BYTES
from deploy.stack.problem import Trouble
from deploy.stack.processes import alive, life_of
from deploy.stack.program import Program, says_ready
from deploy.stack.restarting import restart
from deploy.stack.state import ProgramState, read_state
from deploy.stack.supervisor import TIDY_SECONDS, Supervisor
from shared.clock import utc_now
from tests.services.quota.test_app import free_port

WAITS = "import time\nprint('we are ready', flush=True)\nwhile True: time.sleep(60)"

SAYS_READY = "import os, time\nos.write(int(os.environ['HOLDOUT_READY_FD']), b'ready')\n"
HANDS_OVER = f"{SAYS_READY}while True: time.sleep(60)"

TELLS_ITS_NUMBER = f"""import socket
{SAYS_READY}
listening = socket.socket(fileno=int(os.environ["LISTEN_FD"]))
while True:
    caller, _ = listening.accept()
    caller.sendall(str(os.getpid()).encode())
    caller.close()
"""

Watch = Callable[[Folder], Awaitable[None]]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "stack")
    folder.make()
    return folder


def program(name: str, code: str = WAITS, needs: tuple[str, ...] = (), **more: object) -> Program:
    return Program(name, (sys.executable, "-c", code), os.environ, Path.cwd(), needs=needs, **more)  # type: ignore[arg-type]


def supervised(
    folder: Folder, programs: tuple[Program, ...], watch: Watch, tidy_seconds: float = TIDY_SECONDS
) -> list[str]:
    """Run a supervisor until all is ready and `watch` has seen enough; what it told, without the times."""
    told: list[str] = []

    async def run() -> None:
        ready = asyncio.Event()
        supervisor = Supervisor(folder, programs, told.append, utc_now, tidy_seconds)
        running = asyncio.create_task(supervisor.run(ready.set))
        readiness = asyncio.create_task(ready.wait())
        await asyncio.wait({running, readiness}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if not running.done():
            await asyncio.wait_for(watch(folder), 20)
        readiness.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    asyncio.run(run())
    return [line.split(" in ")[0] for line in told]


def state_of(folder: Folder, name: str) -> ProgramState:
    state = read_state(folder)
    assert state is not None
    return next(program for program in state.programs if program.name == name)


def pid_of(folder: Folder, name: str) -> int:
    life = state_of(folder, name).life
    assert life is not None
    return life.pid


async def until(condition: Callable[[], bool]) -> None:
    # What the condition looks at is written by other processes: no event tells of it.
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def no_more(_: Folder) -> None:
    """Seen enough."""


def test_programs_start_after_what_they_need_and_stop_in_reverse(folder: Folder) -> None:
    programs = (program("store"), program("service", needs=("store",)), program("worker", needs=("service",)))
    assert supervised(folder, programs, no_more) == [
        "store ready",
        "service ready",
        "worker ready",
        "everything ready",
        "worker stopped",
        "service stopped",
        "store stopped",
    ]


def test_a_program_that_runs_once_is_over_before_others_start(folder: Folder, tmp_path: Path) -> None:
    made = tmp_path / "made"
    once = program("tables", f"import time; time.sleep(0.2); open({str(made)!r}, 'w')", once=True)
    reads = program("service", f"open({str(made)!r})\n{WAITS}", needs=("tables",))
    assert supervised(folder, (once, reads), no_more)[:2] == ["tables ready", "service ready"]
    assert state_of(folder, "tables").phase == "done"


def test_a_program_that_dies_is_started_again(folder: Folder) -> None:
    async def kill_it(folder: Folder) -> None:
        first = pid_of(folder, "service")
        os.kill(first, signal.SIGKILL)
        await until(lambda: state_of(folder, "service").restarts == 1 and state_of(folder, "service").phase == "ready")
        assert pid_of(folder, "service") != first

    assert supervised(folder, (program("service"),), kill_it) == [
        "service ready",
        "everything ready",
        "service died (killed by signal 9); starting it again",
        "service ready",
        "service stopped",
    ]


def test_a_program_that_fails_to_come_back_is_tried_again_and_again(folder: Folder, tmp_path: Path) -> None:
    healthy = tmp_path / "healthy"
    healthy.touch()
    code = f"import os, sys\nif not os.path.exists({str(healthy)!r}): sys.exit('no health')\n{WAITS}"

    async def fall_ill_and_recover(folder: Folder) -> None:
        healthy.unlink()
        os.kill(pid_of(folder, "service"), signal.SIGKILL)
        await until(lambda: state_of(folder, "service").restarts == 3)
        healthy.touch()
        await until(lambda: state_of(folder, "service").phase == "ready")

    told = supervised(folder, (program("service", code),), fall_ill_and_recover)
    assert "service died (exit status 1); starting it again" in told


@pytest.mark.parametrize(
    "refusal",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("can't start new thread")],
    ids=["no room", "no thread"],
)
def test_a_program_whose_start_the_machine_refuses_for_a_while_takes_nobody_down(
    folder: Folder, refusal: Exception
) -> None:
    room = [True, False, False, True]

    def prepare() -> None:
        if not room.pop(0):
            raise refusal

    async def kill_it(folder: Folder) -> None:
        neighbour = pid_of(folder, "neighbour")
        os.kill(pid_of(folder, "service"), signal.SIGKILL)
        await until(lambda: state_of(folder, "service").restarts == 3 and state_of(folder, "service").phase == "ready")
        assert pid_of(folder, "neighbour") == neighbour

    told = supervised(folder, (program("service", prepare=prepare), program("neighbour")), kill_it)
    assert told.count(f"service cannot be started: {refusal}") == 2
    assert told[-3:] == ["service ready", "neighbour stopped", "service stopped"]


def test_a_first_start_that_the_machine_refuses_is_told_with_what_to_do(folder: Folder) -> None:
    def prepare() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Trouble, match=r"service cannot be started: .*No space left(.|\n)*disk is full"):
        supervised(folder, (program("service", prepare=prepare),), no_more)


def test_a_log_that_grows_too_large_is_put_aside_while_its_program_goes_on_and_is_heard(
    folder: Folder, tmp_path: Path
) -> None:
    more, log = tmp_path / "more", folder.log("service")
    says_much = f"""import os, time
print("we are ready", flush=True)
while not os.path.exists({str(more)!r}): time.sleep(0.01)
os.remove({str(more)!r})
for number in range({LOG_BYTES // 1000 + 200}): print(str(number).zfill(999), flush=True)
while not os.path.exists({str(more)!r}): time.sleep(0.01)
print("no way", flush=True)
time.sleep(60)
"""

    async def let_it_talk(folder: Folder) -> None:
        first = pid_of(folder, "service")
        more.touch()
        await until(lambda: not more.exists() and log.stat().st_size < LOG_BYTES and old.exists())
        assert old.stat().st_size <= LOG_BYTES
        assert pid_of(folder, "service") == first
        more.touch()
        await until(lambda: state_of(folder, "service").restarts == 1)

    old = log.with_suffix(".log.1")
    told = supervised(folder, (program("service", says_much, lost=lambda said: "no way" in said),), let_it_talk, 0.02)
    assert "service says that it cannot go on as it is, and is ended" in told
    assert old.read_bytes().endswith(b"\n")


def test_a_program_that_says_it_is_lost_is_started_again_and_one_that_says_so_no_more_is_left(folder: Folder) -> None:
    says = f"import pathlib\nhere = pathlib.Path({str(folder.path / 'once')!r})\n"
    says += "print('no way' if not here.exists() else 'fine', flush=True)\nhere.touch()\n"

    async def watch(folder: Folder) -> None:
        await until(lambda: state_of(folder, "lost").restarts == 1 and state_of(folder, "lost").phase == "ready")

    told = supervised(folder, (program("lost", says + WAITS, lost=lambda said: "no way" in said),), watch)
    assert told[1:4] == [
        "everything ready",
        "lost says that it cannot go on as it is, and is ended",
        "lost died (killed by signal 15); starting it again",
    ]
    assert sum("cannot go on" in line for line in told) == 1


def test_the_pause_between_starts_doubles_up_to_ten_seconds() -> None:
    assert [pause_seconds(deaths) for deaths in (1, 2, 3, 6, 7, 1000)] == [0.2, 0.4, 0.8, 6.4, 10.0, 10.0]


def test_a_program_that_dies_at_its_first_start_ends_the_stack_and_shows_its_last_lines(folder: Folder) -> None:
    programs = (program("store"), program("service", "import sys; sys.exit('the port is taken')", needs=("store",)))
    with pytest.raises(
        Trouble, match=r"service died while starting \(exit status 1\)(.|\n)*the port is taken"
    ) as error:
        supervised(folder, programs, no_more)
    assert str(folder.log("service")) in error.value.remedy
    assert state_of(folder, "store").life is None


def test_a_program_that_does_not_stop_is_killed(folder: Folder) -> None:
    deaf = program("deaf", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAITS}", stop_seconds=0.2)
    assert supervised(folder, (deaf,), no_more)[-1] == "deaf did not stop and was killed"


def test_what_a_killed_program_had_started_is_ended_too(folder: Folder, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    parent = program(
        "parent",
        "import subprocess, sys\n"
        "child = subprocess.Popen((sys.executable, '-c', 'import time; time.sleep(600)'))\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n{WAITS}",
    )

    async def kill_it(folder: Folder) -> None:
        grandchild = life_of(int(note.read_text()))
        assert grandchild is not None
        os.kill(pid_of(folder, "parent"), signal.SIGKILL)
        await until(lambda: not alive(grandchild))

    supervised(folder, (parent,), kill_it)


def test_a_restarted_program_has_its_new_process_before_the_old_one_is_told_to_go(
    folder: Folder, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    # The second process is ready when the file is gone; the first one must be there until then.
    code = f"import os, time\nwhile os.path.exists({str(held)!r}): time.sleep(0.01)\n{HANDS_OVER}"

    async def restart_it(folder: Folder) -> None:
        first = pid_of(folder, "service")
        held.touch()
        restarting = asyncio.create_task(asyncio.to_thread(restart, folder, ["service"]))
        await until(lambda: state_of(folder, "service").other is not None)
        assert pid_of(folder, "service") == first
        held.unlink()
        assert await restarting == 0
        state = state_of(folder, "service")
        assert (state.phase, state.other, state.restarts) == ("ready", None, 0)
        assert pid_of(folder, "service") != first

    told = supervised(folder, (program("service", code, overlaps=True), program("store")), restart_it)
    assert told[2:] == ["everything ready", "service has a new process, ready", "store stopped", "service stopped"]


def test_a_successor_that_does_not_start_leaves_the_old_process_at_work(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ill = tmp_path / "ill"
    code = f"import os, sys\nif os.path.exists({str(ill)!r}): sys.exit('no health')\n{HANDS_OVER}"

    async def fail_then_die(folder: Folder) -> None:
        first = pid_of(folder, "service")
        ill.touch()
        assert await asyncio.to_thread(restart, folder, []) == 1
        assert (pid_of(folder, "service"), state_of(folder, "service").phase) == (first, "ready")
        ill.unlink()
        os.kill(first, signal.SIGKILL)
        await until(lambda: state_of(folder, "service").restarts == 1 and state_of(folder, "service").phase == "ready")

    supervised(folder, (program("service", code, overlaps=True),), fail_then_die)
    said = capsys.readouterr().out
    assert "service died while starting (exit status 1)" in said
    assert "no health" in said


def test_who_calls_a_program_that_was_killed_waits_for_its_next_process(folder: Folder) -> None:
    port = free_port()

    def call() -> int:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            return int(connection.recv(64))

    async def kill_it(folder: Folder) -> None:
        first = await asyncio.to_thread(call)
        life = state_of(folder, "service").life
        assert life is not None
        assert life.pid == first
        os.kill(first, signal.SIGKILL)
        await until(lambda: not alive(life))
        assert await asyncio.to_thread(call) != first

    listens = program("service", TELLS_ITS_NUMBER, overlaps=True, port=port, listens_as="LISTEN_FD")
    supervised(folder, (listens,), kill_it)
    with pytest.raises(ConnectionRefusedError):
        call()


def test_restart_without_names_runs_what_runs_once_again_and_leaves_what_cannot_overlap(folder: Folder) -> None:
    programs = (program("store"), program("tables", "", once=True), program("service", HANDS_OVER, overlaps=True))

    async def restart_all(folder: Folder) -> None:
        store = pid_of(folder, "store")
        assert await asyncio.to_thread(restart, folder, []) == 0
        assert pid_of(folder, "store") == store
        assert await asyncio.to_thread(restart, folder, ["store"]) == 0
        assert pid_of(folder, "store") != store

    told = supervised(folder, programs, restart_all)
    after = told[told.index("everything ready") + 1 :]
    assert after[:4] == ["tables ready", "service has a new process, ready", "store stopped", "store ready"]


def test_an_unknown_name_is_refused_with_those_there_are(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    async def restart_nobody(folder: Folder) -> None:
        assert await asyncio.to_thread(restart, folder, ["nobody"]) == 1

    assert supervised(folder, (program("store"),), restart_nobody)[1:] == ["everything ready", "store stopped"]
    assert "there is no nobody here\n  there are: store" in capsys.readouterr().out


def test_a_program_says_that_it_is_ready_in_lines_or_as_json() -> None:
    assert says_ready("2026-01-31T12:00:00.123Z INFO services.scorer ready\n")
    assert says_ready('{"level": "INFO", "message": "ready"}\n')
    assert not says_ready("INFO services.scorer is not ready\nINFO already here\n")
