"""The programs of `examples/` as these tests run them: by the Python that has what their headings ask for.

That is the tests' own, or the one of `make examples`, which makes an environment for all of them; else the test is skipped.
"""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLASSIFIERS = EXAMPLES / "classification"
OWN_TASK = "own-task"
PYTHON = "HOLDOUT_EXAMPLES_PYTHON"
"""Names the Python of `make examples`."""

HEADING = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)
CLOSED = {"KERAS_BACKEND": "jax", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
"""A program that would download its weights fails at once, and a machine with another device computes the same."""


def programs() -> list[Path]:
    """Every Python program of `examples/`; a task of one's own is none, but a package that a scorer loads."""
    return sorted(path for path in EXAMPLES.rglob("*.py") if OWN_TASK not in path.parts)


def heading(program: Path) -> dict[str, object]:
    """What a program says of itself to `uv run` and the like (PEP 723)."""
    found = HEADING.search(program.read_text(encoding="utf-8"))
    assert found, f"{program.name} has no heading"
    return tomllib.loads(re.sub(r"^# ?", "", found[1], flags=re.MULTILINE))


def dependencies(program: Path) -> list[Requirement]:
    """The packages that a program needs."""
    needed = heading(program)["dependencies"]
    assert isinstance(needed, list)
    return [Requirement(each) for each in needed]


def python_for(program: Path) -> str:
    """The Python that can run a program; skips the test where there is none."""
    if chosen := os.environ.get(PYTHON):
        return chosen
    if missing := [each.name for each in dependencies(program) if not is_here(each)]:
        pytest.skip(f"{program.name} needs {', '.join(missing)}: `make examples` has them")
    return sys.executable


def is_here(needed: Requirement) -> bool:
    """Whether a package is installed for the tests' own Python, in a version that serves."""
    try:
        return needed.specifier.contains(metadata.version(needed.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def run(program: Path, *arguments: str | Path, folder: Path) -> str:
    """What a program prints, run in `folder`; fails where it fails."""
    command = (python_for(program), program, *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | CLOSED, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout
