"""docs/host-your-own.md does what it says: its blocks are run, word for word, on a running stack."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.stack.programs import ROOT
from tests.house.tree import text
from tests.stacks import Stack
from tests.system.conftest import OWN_TASK
from tests.system.participants import Organiser

PAGE = "docs/host-your-own.md"
URL = "http://127.0.0.1:8000"
"""The stack's usual address, which the page shows."""

MOST_COMMANDS = 10
"""From a CSV to the first score: the page's own promise."""

SECTION = re.compile(r"^## (.+?)$\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

IMAGES, BREEDS = 3_669, 37
"""Of the test set of Oxford-IIIT Pet, whose labels are words. The labels here are made up."""

WRONG_EVERY = 9
"""Of the predictions one in so many is wrong."""

CARS, KINDS = 40, ("car", "bus", "truck")


def commands(section: str) -> list[str]:
    """The commands of a section, those on several lines joined."""
    blocks = BLOCK.findall(dict(SECTION.findall(text(PAGE)))[section])
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


class Desk:
    """An organiser's folder: a stack runs in it, and what the organiser has is there."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        self.folder = folder
        self._stack = stack
        # Holdout itself stays where it is: kernels are kept by the place of their sources, and would be compiled anew.
        (folder / ".holdout").symlink_to(stack.folder)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment = dict(os.environ) | {"PATH": path, "PYTHONPATH": str(ROOT)}

    def type(self, command: str) -> str:
        """What a command prints; fails when the command does."""
        typed = command.replace(URL, self._stack.gateway_url)
        done = subprocess.run(
            ["bash", "-c", typed], cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{typed}\n{done.stdout}{done.stderr}"
        return done.stdout

    def status(self, challenge: str) -> int:
        """How the challenge's page answers anybody."""
        return httpx.get(f"{self._stack.gateway_url}/challenges/{challenge}").status_code


@pytest.fixture(scope="module")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), stack)


def write_breeds(folder: Path) -> int:
    """labels.csv, and predictions for it; how many of these are wrong."""
    draw = random.Random(37)
    breeds = [f"{('Abyssinian', 'beagle', 'Birman')[number % 3]} {number}" for number in range(BREEDS)]
    labels = {f"photo_{draw.getrandbits(40):010x}.jpg": draw.choice(breeds) for _ in range(IMAGES)}
    rows = [f"{image},{breed}\n" for image, breed in labels.items()]
    (folder / "labels.csv").write_text("image,label\n" + "".join(rows))
    number = {breed: place for place, breed in enumerate(sorted(breeds), start=1)}
    right = [number[labels[image]] for image in sorted(labels)]
    wrong = range(0, IMAGES, WRONG_EVERY)
    guessed = [right[place] % BREEDS + 1 if place in wrong else right[place] for place in range(IMAGES)]
    (folder / "predictions.txt").write_text("".join(f"{guess}\n" for guess in guessed))
    return len(wrong)


def test_from_a_csv_to_the_first_score(desk: Desk) -> None:
    wrong = write_breeds(desk.folder)
    new, check, publish, found, invite, submit, show = typed = commands("From a CSV to the first score")
    assert len(typed) <= MOST_COMMANDS
    assert "37 categories, numbered from 1" in desk.type(new)
    checked = desk.type(check)
    assert "submitted: top_1_error 0, perfect" in checked
    assert re.search(r"out of order: top_1_error 0\.97\d+; chance gives 0\.97\d+ ±", checked)
    previews = re.findall(r"^preview: (.+)$", checked, re.MULTILINE)
    shown = "".join((desk.folder / place).read_text() for place in previews)
    assert all(word in shown for word in ("Cats and dogs", "Abyssinian 0", "3,669", "top_1_error"))
    assert "private" in desk.type(publish)
    desk.type(found)
    desk.type(invite)
    scored = desk.type(submit)
    assert f"{wrong / IMAGES:.5f}" in scored
    assert desk.status("pets") == 404
    # A guest's client shows what is private.
    assert "first try" in desk.type(
        submit.split(" submit ")[0] + " leaderboard pets classification test" + _key_of(submit)
    )
    desk.type(show)
    assert desk.status("pets") == 200
    truth = (desk.folder / "pets/truths/classification/test/truth.txt").read_text()
    assert truth not in "".join(path.read_text() for path in (desk.folder / "pets/handout").iterdir())


def _key_of(command: str) -> str:
    """The options of the client that say where the server is, and the key."""
    found = re.search(r" --server \S+ --key \"[^\"]+\"", command)
    assert found is not None
    return found[0]


def write_cars(folder: Path) -> None:
    """annotations.json with COCO's ids, of which COCO has gaps; results that find every box but the trucks."""
    draw = random.Random(3)
    images = [{"id": 100 + 7 * place, "file_name": f"cam_{place:03d}.jpg"} for place in range(1, CARS + 1)]
    categories = [{"id": 3 + 5 * place, "name": name} for place, name in enumerate(KINDS)]
    boxes = [
        {
            "id": place,
            "image_id": images[place % CARS]["id"],
            "category_id": categories[place % len(KINDS)]["id"],
            "bbox": [50 * (place // CARS), draw.randint(0, 99), draw.randint(20, 40), draw.randint(20, 40)],
        }
        for place in range(3 * CARS)
    ]
    whole = {"images": images, "categories": categories, "annotations": boxes}
    (folder / "annotations.json").write_text(json.dumps(whole, indent=1))
    results = [
        {
            "image_id": place % CARS + 1,
            "category_id": place % len(KINDS) + 1,
            "score": round(draw.random(), 3),
            "bbox": box["bbox"],
        }
        for place, box in enumerate(boxes)
        if KINDS[place % len(KINDS)] != "truck"
    ]
    (folder / "results.json").write_text(json.dumps(results))


def test_boxes_from_coco_s_annotations(desk: Desk) -> None:
    write_cars(desk.folder)
    new, publish, submit = commands("Boxes, from COCO's annotations")
    assert "ids of categories have gaps: numbered anew, 1 is 'car', 3 is 'truck'" in desk.type(new)
    assert "private" not in desk.type(publish)
    # Two of three categories are found whole, the third not at all.
    assert f"{2 / 3:.5f}" in desk.type(submit)
    assert desk.status("parking") == 200


def test_a_task_of_one_s_own_is_hosted_without_a_change_to_holdout(stack: Stack, organiser: Organiser) -> None:
    faces = ROOT / "examples/own-task/faces"
    told = stack.command("services.gateway", "challenge", "publish", str(faces), "--public", **OWN_TASK)
    assert "faces version 1 published" in told
    visitor = organiser.found("faces", pool="faces-test")
    visitor.split = "/v1/challenges/faces/tasks/age/splits/test"
    truth = [float(line) for line in (faces / "truths/age/test/truth.txt").read_text().split()]
    guessed = [31.0, 10.0, 64.0, 25.0, 45.0, 150.0, 83.0, 29.0]
    outcome = visitor.scored("".join(f"{age}\n" for age in guessed).encode(), "one guess")
    distances = [abs(guess - age) for guess, age in zip(guessed, truth, strict=True)]
    assert outcome["evaluation"]["metrics"] == {
        "mean_absolute_error": pytest.approx(sum(distances) / len(distances)),
        "within_five_years": pytest.approx(sum(distance <= 5 for distance in distances) / len(distances)),
    }
    assert outcome["evaluation"]["notes"][0]["first_line"] == 6
    assert [entry["value"] for entry in visitor.board()] == [outcome["evaluation"]["metrics"]["mean_absolute_error"]]
    broken = visitor.scored(b"31\nold\n" + b"1\n" * 6, "a word")
    fault = visitor.report(broken["id"])["faults"][0]
    assert (fault["line"], fault["column"], fault["code"]) == (2, 1, "not-a-number")
    checked = visitor.check(b"1\n" * 7 + b"-3\n").raise_for_status().json()
    assert [(fault["line"], fault["code"]) for fault in checked["faults"]] == [(8, "negative-age")]
