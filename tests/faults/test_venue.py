"""The files of the run are one of a kind, and none is near chance level, which would be forgiven."""

import random
from pathlib import Path

import pytest

from shared.challenge import read_challenge
from tests.faults.venue import HEADLINES, REVISED, TASKS, some_file, write


def test_the_truth_of_every_task_is_written_for_both_splits(tmp_path: Path) -> None:
    told = write(tmp_path)
    assert len(told) == 2 * len(TASKS)
    assert {task for task in TASKS if (tmp_path / f"{task}.txt").read_bytes()} == set(TASKS)
    assert (tmp_path / "challenge.toml").read_text().count("[tasks.") == 3 * len(TASKS)


def test_a_version_differs_and_a_spelling_says_the_same_in_other_bytes(tmp_path: Path) -> None:
    truth, versions, contents = tmp_path / "classification.txt", [], []
    for version, spelling in ((1, 0), (2, 0), (3, 1)):
        assert len(write(tmp_path, REVISED, version, spelling)) == 2
        versions.append(read_challenge(tmp_path))
        contents.append(truth.read_bytes())
    assert [one.version for one in versions] == [1, 2, 3]
    assert len({one.description for one in versions}) == 3
    assert contents[0] == contents[1] != contents[2]
    assert contents[0].split() == contents[2].split()


def test_files_for_the_revised_challenge_are_of_its_task() -> None:
    draw = random.Random(1)
    assert {some_file(draw, REVISED).task for _ in range(50)} == {"classification"}


@pytest.mark.parametrize("task", TASKS)
def test_files_differ_and_stay_away_from_chance(task: str) -> None:
    draw = random.Random(1)
    files = [file for file in (some_file(draw) for _ in range(600)) if file.task == task and file.outcome == "scored"]
    assert len({file.text for file in files}) == len(files)
    scores = [file.score for file in files if file.score is not None]
    good = [score > 0.3 if HEADLINES[task] == "mean_average_precision" else score < 0.4 for score in scores]
    assert len(good) == len(files)
    assert all(good)
