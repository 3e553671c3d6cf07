"""The practice challenge: small, open, without a weekly limit, with a true truth; and the API's example is made for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack.programs import PRACTICE, ROOT
from services.gateway.api import practice
from services.gateway.hosting.scorer import Truth
from services.gateway.publish import check_truth
from shared.challenge import Challenge, read_challenge

TRUTH = PRACTICE / "truth.txt"


@pytest.fixture(scope="module")
def definition() -> Challenge:
    return read_challenge(PRACTICE)


def test_it_has_ten_images_few_categories_and_an_hourly_limit_only(definition: Challenge) -> None:
    task = definition.tasks[practice.TASK]
    split = task.splits[practice.SPLIT]
    assert definition.name == practice.CHALLENGE
    assert (split.images, split.held_out) == (10, False)
    assert 10 <= task.categories <= 20
    assert split.limits.window_seconds <= 3600 <= 60 * split.limits.places


def test_its_truth_submitted_is_perfect(definition: Challenge) -> None:
    check_truth(PRACTICE, definition, Truth(practice.TASK, practice.SPLIT, TRUTH))


def test_the_example_names_its_images_and_misses_one(definition: Challenge, tmp_path: Path) -> None:
    split = definition.tasks[practice.TASK].splits[practice.SPLIT]
    assert list(practice.PREDICTIONS) == [split.image_names.format(n) for n in range(1, split.images + 1)]
    file = tmp_path / "predictions.txt"
    file.write_text(practice.FILE)
    command = (sys.executable, "-m", "services.scorer", "score", practice.TASK, str(file), str(TRUTH), "--json")
    done = subprocess.run((*command, "--definition", str(PRACTICE)), cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout)["metrics"]["top_5_error"] == 0.1


def test_its_sample_is_the_beginning_of_the_example(definition: Challenge) -> None:
    assert definition.tasks[practice.TASK].sample == practice.SAMPLE
