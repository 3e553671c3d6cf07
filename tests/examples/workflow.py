"""The steps of `examples/ci/zoo.yml`, run as a runner of GitHub runs them: each a script for bash, in one folder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.examples.programs import EXAMPLES

PLACE = EXAMPLES / "ci" / "zoo.yml"
CLIENT, BASELINE, SCORING, KEEPING = (
    "Get the client that fits the server",
    "Get what the last good run found",
    "Score every model",
    "Make it the next run's baseline",
)
"""Its scripts, in this order."""


def workflow() -> Any:
    """What the file says."""
    return yaml.safe_load(PLACE.read_text(encoding="utf-8"))


def scripts() -> dict[str, str]:
    """The steps that are scripts, by their names, in order."""
    (job,) = workflow()["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def run_step(script: str, folder: Path, **told: str) -> "subprocess.CompletedProcess[str]":
    """Run a step; GitHub's shell stops at the first command that fails."""
    # What this machine has already is not installed into its Python.
    script = "\n".join(line for line in script.splitlines() if not line.startswith("pip install "))
    command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | told | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
