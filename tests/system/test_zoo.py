"""A zoo against the running stack: every model by itself, claims by their decimals, and nothing twice."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.visitor import Visitor
from tests.handout import client_file
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

IMAGES = 200


def guesses(wrong: int) -> str:
    """Five guesses a line, for a truth of 1 to 200: the first so many are wrong."""
    return "".join(f"{image + (500 if image <= wrong else 0)} 901 902 903 904\n" for image in range(1, IMAGES + 1))


@pytest.fixture
def visitor(organiser: Organiser, tmp_path: Path) -> Visitor:
    """A team that may send eight files a week."""
    (tmp_path / "challenge").mkdir()
    truth = "".join(f"{image}\n" for image in range(1, IMAGES + 1)).encode()
    return organiser.found(organiser.host(tmp_path / "challenge", truth, places=8))


@pytest.fixture
def folder(tmp_path: Path, visitor: Visitor) -> Path:
    """Five models, one of them broken; a claim that holds, and one that does not."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name, wrong in (("a", 20), ("b", 30), ("c", 40)):
        (folder / f"{name}.txt").write_text(guesses(wrong))
    (folder / "packed.txt.gz").write_bytes(gzip.compress(guesses(50).encode()))
    (folder / "broken.txt").write_text(guesses(10).replace("\n", "\n1 2 cat\n", 1))
    challenge, _, task, _, split = visitor.split.removeprefix("/v1/challenges/").split("/")
    place = f'challenge = "{challenge}"\ntask = "{task}"\nsplit = "{split}"\n'
    claims = (("a", "0.10"), ("b", "0.12"))
    models = "".join(f'[[models]]\nfile = "{name}.txt"\nclaimed.top_5_error = {claim}\n' for name, claim in claims)
    (folder / "zoo.toml").write_text(place + models)
    return folder


@pytest.fixture
def environment(stack: Stack, visitor: Visitor) -> dict[str, str]:
    """What the client is told."""
    at = {"HOLDOUT_URL": stack.gateway_url, "HOLDOUT_KEY": visitor.key}
    return {"PATH": os.environ["PATH"], "NO_PROXY": "*", "LANG": "C.UTF-8"} | at


def run(environment: dict[str, str], *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, client_file(), *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def used(environment: dict[str, str], visitor: Visitor) -> tuple[int, int]:
    """How many submissions there are of the team's, and how many places it has left."""
    mine = json.loads(run(environment, "list", "--limit", "100", "--json").stdout)["items"]
    return len(mine), visitor.standing()["remaining"]


def test_a_folder_is_scored_model_by_model_and_a_second_run_costs_nothing(
    environment: dict[str, str], visitor: Visitor, folder: Path
) -> None:
    first = run(environment, "zoo", folder, "--json", "--fail-if-worse-than", "0.2")
    assert first.returncode == 1, first.stderr
    told = json.loads(first.stdout)
    models: dict[str, Any] = {model["name"]: model for model in told["models"]}
    errors = {name: (model["metrics"] or {}).get("top_5_error") for name, model in models.items()}
    assert errors == {"a": 0.1, "b": 0.15, "c": 0.2, "packed": 0.25, "broken": None}
    assert (models["a"]["reproduced"], models["b"]["reproduced"], models["c"]["reproduced"]) == (True, False, None)
    assert (2, 5) in [(fault["line"], fault["column"]) for fault in models["broken"]["faults"]]
    assert [one["name"] for one in told["compared"] if one["worse"]] == ["broken", "packed"]

    before = used(environment, visitor)
    (folder / "broken.txt").unlink()
    second = run(environment, "zoo", folder)
    assert second.returncode == 0, second.stderr
    assert second.stdout.count("scored, known") == 4
    assert "b: top_5_error is 0.15000, claimed is 0.12: not reproduced, +0.03000" in second.stdout
    assert used(environment, visitor) == before


def test_more_models_than_places_are_refused_one_by_one(environment: dict[str, str], folder: Path) -> None:
    for number in range(6):
        (folder / f"more-{number}.txt").write_text(guesses(60 + number))
    (folder / "broken.txt").unlink()
    done = run(environment, "zoo", folder, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 4, done.stderr
    assert told["counts"] == {"scored": 8, "refused": 2}
    problems = [model["problem"] for model in told["models"] if model["state"] == "refused"]
    assert all(problem["status"] == 429 and problem["next_free_at"] for problem in problems)
    again = run(environment, "zoo", folder, "--json")
    assert (again.returncode, json.loads(again.stdout)["counts"]) == (4, told["counts"])
