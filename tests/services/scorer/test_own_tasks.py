"""Tasks of the operator's own: loaded from a folder beside Holdout, refused with all that they lack."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.scorer.official import ROOT

EXAMPLE = ROOT / "examples/own-task"


def run(tasks: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the scorer's with these settings; nothing is compiled for it."""
    told = {"HOLDOUT_SCORER_TASKS": tasks, "HOLDOUT_SCORER_TASKS_FOLDER": str(folder), "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "services.scorer", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False)


def test_the_example_is_tried_as_a_truth_perfect_in_order_and_worse_out_of_order() -> None:
    faces = EXAMPLE / "faces"
    place = ("--definition", str(faces), "--task", "age", "--split", "test")
    done = run("age_task.age", EXAMPLE, "trial", "age", str(faces / "truths/age/test/truth.txt"), *place)
    found = json.loads(done.stdout)
    assert found["perfect"]["metrics"] == {"mean_absolute_error": 0.0, "within_five_years": 1.0}
    assert found["shuffled"]["metrics"]["mean_absolute_error"] > 0
    assert found["chance"] is None


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("absent", None, "absent cannot be imported: ModuleNotFoundError"),
        ("broken", "import nothing_of_the_kind", "broken cannot be imported: ModuleNotFoundError: No module named"),
        (
            "half",
            "NAME = 'half'\ndef score(): ...",
            "no function read_truth; no function parse; no function describe; no",
        ),
        (
            "taken",
            "from services.scorer.tasks.classification import *\nfrom services.scorer.tasks.classification import NAME",
            "no name of its own: 'classification' is built in",
        ),
    ],
    ids=["not there", "imports what is not there", "lacks parts", "has a built-in name"],
)
def test_a_module_that_is_no_task_is_refused_with_all_that_it_lacks(
    tmp_path: Path, name: str, code: str | None, said: str
) -> None:
    if code is not None:
        (tmp_path / f"{name}.py").write_text(code)
    done = run(name, tmp_path, "tasks")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
