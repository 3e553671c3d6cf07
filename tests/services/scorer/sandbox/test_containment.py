"""What a child can reach: nothing but the three files, its memory and its report."""

import ast
import asyncio
import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.scorer.sandbox import walls
from services.scorer.sandbox.door import ENVIRONMENT
from tests.services.scorer.sandbox.rooms import descendants, sandbox, score

pytestmark = pytest.mark.skipif(not walls.filtered(), reason="no system call filter on this kind of machine")

SECRET = "HOLDOUT_SCORER_SECRET"


def test_every_door_is_shut() -> None:
    async def tried(port: int) -> dict[str, float]:
        async with sandbox("tries_all_doors") as room:
            return (await score(room, str(port).encode())).metrics

    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = asyncio.run(tried(listening.getsockname()[1]))
        listening.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listening.accept()
    assert {name for name, error in found.items() if error != errno.EPERM} == set()
    assert len(found) == 11
    assert not Path("/tmp/left-behind").exists()


def test_a_child_has_no_variables_and_no_descriptors_of_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SECRET, "whsec_not-for-children")

    async def told() -> dict[str, float]:
        async with sandbox("tells_what_it_has") as room:
            return (await score(room, b"1")).metrics

    found = asyncio.run(told())
    # Python itself sets LC_CTYPE where the locale is not UTF-8.
    variables = {name.removeprefix("variable ") for name in found if name.startswith("variable")} - {"LC_CTYPE"}
    assert variables == set(ENVIRONMENT)
    # Three times /dev/null, the result, the submission, the truth.
    assert len([name for name in found if name.startswith("descriptor")]) == 6


def _seen_from_outside(pids: list[int]) -> tuple[list[bytes], list[list[str]]]:
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in pids]
    return environments, [[os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()] for pid in pids]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into these processes")
def test_the_warm_parent_has_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SECRET, "whsec_not-for-children")

    async def looked() -> tuple[list[bytes], list[list[str]]]:
        async with sandbox("behaves") as room:
            await score(room, b"1")
            return _seen_from_outside([room.pid or 0, *descendants(room.pid or 0)])

    with (tmp_path / "open in the worker").open("w"):
        environments, opened = asyncio.run(looked())
    assert len(environments) == 2
    assert all(SECRET.encode() not in environment for environment in environments)
    assert all(b"whsec" not in environment for environment in environments)
    # Standard error is where it logs; the rest is /dev/null, its control socket, and what its loop is made of.
    for links in opened:
        kinds = {link.split(":")[0] for link in links if link != os.readlink("/proc/self/fd/2")}
        assert kinds <= {"/dev/null", "socket", "anon_inode"}
    assert any(len(links) > 3 for links in opened)


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_boot_line_says_which_walls_stand(caplog: pytest.LogCaptureFixture) -> None:
    async def boot() -> None:
        async with sandbox("behaves"):
            pass

    with caplog.at_level("INFO"):
        asyncio.run(boot())
    assert "sandbox up in" in caplog.text
    assert "seccomp, rlimits" in caplog.text


REFUSING = 'for kind in user net pid mnt ipc; do echo 0 > /proc/sys/user/max_${kind}_namespaces; done; exec "$@"'

ONE_FILE = """
import asyncio, logging
from tests.services.scorer.sandbox.rooms import sandbox, score

async def one():
    async with sandbox("tries_all_doors") as room:
        print((await score(room, b"9")).metrics)

logging.basicConfig(level="INFO")
asyncio.run(one())
"""


def test_where_namespaces_are_refused_the_filter_stands_and_the_log_says_so() -> None:
    inside = ["unshare", "--user", "--map-root-user", "sh", "-c", REFUSING, "sh"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this machine cannot be made to refuse namespaces")
    tried = subprocess.run([*inside, sys.executable, "-c", ONE_FILE], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "REFUSED by this machine: user namespace, mount namespace" in tried.stderr
    found = ast.literal_eval(tried.stdout)
    assert set(found.values()) == {float(errno.EPERM)}
