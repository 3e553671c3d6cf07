"""The challenges of `examples/` can be published, and their labels are those that they are meant to be."""

from pathlib import Path

import pytest

from services.scorer.offline import ACCEPTED, Definition, Wanted, check
from shared.challenge import read_challenge
from tests.examples.programs import EXAMPLES


@pytest.mark.parametrize("name", ["digits", "photographs"])
def test_the_sample_of_a_definition_is_taken(name: str, tmp_path: Path) -> None:
    folder = EXAMPLES / name
    sample = tmp_path / "sample.txt"
    sample.write_text(read_challenge(folder).tasks["classification"].sample.lstrip())
    wanted = Wanted("classification", definition=Definition(folder, "classification", "test"))
    code, said = check(wanted, sample, images=len(sample.read_text().splitlines()))
    assert code == ACCEPTED, said


def test_the_photographs_are_labelled_as_what_they_show() -> None:
    folder = EXAMPLES / "photographs"
    synsets = read_challenge(folder).synsets
    rows = [
        [synsets[int(id_) - 1].name for id_ in line.split()] for line in (folder / "truth.txt").read_text().splitlines()
    ]
    assert rows == [
        ["tabby, tabby cat", "tiger cat", "Egyptian cat"],
        ["espresso", "cup", "coffee mug"],
        ["missile", "projectile, missile", "space shuttle"],
    ]
