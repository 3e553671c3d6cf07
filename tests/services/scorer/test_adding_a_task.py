"""CONTRIBUTING's four steps, taken for a toy in a copy of the tree: they are enough, and no other file is touched."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.scorer.evaluate import find
from services.scorer.protocol import Case, Task
from tests.services.scorer.ninth import counting
from tests.services.scorer.official import ROOT

NINTH = Path(counting.__file__).parent

AS_A_TASK: tuple[Task, ...] = (counting,)
"""The annotation of the registry, by which mypy holds a module to the protocol."""

RUN_EXAMPLE = """
from services.scorer.evaluate import check, evaluate
from services.scorer.tasks import find_task
from shared.report import Provenance
task = find_task("counting")
example, nothing = task.EXAMPLE, "0" * 64
provenance = Provenance(scorer="0", definition=nothing, truth=nothing, submission=nothing)
for file in (example.predictions, *example.broken):
    report = evaluate(example.definition, task.NAME, "test", file, example.truth, provenance)
    print(report.outcome, check(example.definition, task.NAME, "test", file).outcome)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the scorer is made of, with the ninth task added: step 1, the module; step 2, its name, twice."""
    root = tmp_path_factory.mktemp("tree")
    for package in ("services/scorer", "shared"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "services" / "__init__.py", root / "services")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copy(NINTH / "counting.py", root / "services/scorer/tasks/counting.py")
    registry = root / "services/scorer/tasks/__init__.py"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("    classification,\n", "    classification,\n    counting,\n"), encoding="utf-8")
    return root


def run(tree: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run Python in the copy; kernels, of which the toy has none, are not compiled anew for it."""
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=tree, env=plain, capture_output=True, text=True, check=False)


def written(folder: Path, **files: bytes) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def test_the_registry_finds_it_and_its_example_is_scored_rejected_and_checked(tree: Path) -> None:
    done = run(tree, "-c", RUN_EXAMPLE)
    assert done.stdout.splitlines() == ["scored accepted", *["rejected rejected"] * 3], done.stderr


def test_the_commands_score_and_check_its_files_by_its_definition(tree: Path, tmp_path: Path) -> None:
    example = counting.EXAMPLE
    good, truth, broken = written(tmp_path, good=example.predictions, truth=example.truth, broken=example.broken[1])
    done = run(tree, "-m", "services.scorer", "score", "counting", good, truth, "--definition", NINTH, "--json")
    assert json.loads(done.stdout)["metrics"] == {"count_error": 1 / 3}, done.stderr
    done = run(tree, "-m", "services.scorer", "check", "counting", broken, "--definition", NINTH, "--split", "test")
    assert done.returncode == 1
    assert f"{broken}:2:1: 'many' holds letters." in done.stdout


def test_the_truth_submitted_is_perfect() -> None:
    example = counting.EXAMPLE
    case = Case(images=3)
    assert find(counting, case, example.truth, example.truth).metrics == {"count_error": 0.0}


def test_the_steps_name_all_that_a_module_needs() -> None:
    steps = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add a task in four steps")[1].split("\n## ")[0]
    )
    needed = {"NAME", "EXAMPLE", "read_truth", "parse", "describe", "score", "report"}
    assert needed <= set(re.findall(r"`(\w+)`", steps))
    assert len(re.findall(r"^\d\. ", steps, re.MULTILINE)) == 4
