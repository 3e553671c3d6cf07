"""Mistakes of a definition are told all at once, each by line and column, with the field that was meant."""

from pathlib import Path
from shutil import copytree

import pytest

from services.gateway.hosting.annotations import told
from shared.challenge import examine_challenge, read_challenge
from shared.errors import Unreadable
from tests.services.gateway.conftest import TINY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(TINY, tmp_path / "tiny")


def mistakes(folder: Path, *changes: tuple[str, str]) -> list[str]:
    path = folder / "challenge.toml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    challenge, faults = examine_challenge(folder)
    assert (challenge is None) == bool(faults)
    return [told(fault).removeprefix(f"{path}:") for fault in faults]


def test_all_fields_that_are_wrong_are_told_by_line_and_column(folder: Path) -> None:
    found = mistakes(
        folder,
        ("version = 1", "version = 0"),
        ("max_bytes", "most_bytes"),
        ('title = "Validation"\n', ""),
        ("places = 1000", "places = 0"),
    )
    known = "categories, entry, format, guesses, headline, hierarchical, kind, max_bytes, options, protocol, sample, "
    known += "splits, synsets, title, winner, winner_rule"
    split, unknown = (
        "tasks.classification.splits.validation",
        "there is no field `most_bytes`. Perhaps `max_bytes` was meant.",
    )
    assert sorted(found) == [
        f"12:1: tasks.classification.most_bytes: {unknown} There are: {known}.",
        f"23:1: {split}.title is missing. Write `title = …` in [{split}].",
        f"26:38: {split}.limits.places should be greater than or equal to 1 and not 0. Mend the value.",
        "2:1: version should be greater than or equal to 1 and not 0. Mend the value.",
        "7:1: tasks.classification.max_bytes is missing. Write `max_bytes = …` in [tasks.classification].",
    ]


def test_a_spelling_mistake_is_told_where_it_is(folder: Path) -> None:
    (found,) = mistakes(folder, ("year = 2026", "year = 2026 ="))
    assert found.startswith("4:13: This is no TOML: Expected newline or end of document after a statement.")


def test_rules_between_fields_are_told_where_they_break_even_beside_other_mistakes(folder: Path) -> None:
    found = mistakes(
        folder,
        ("year = 2026", 'year = "2026"'),
        ('pool = "tiny-secret", places = 2', 'pool = "tiny-test", places = 3'),
    )
    assert found[0].startswith("4:1: year should be a valid integer and not '2026'.")
    assert found[1].startswith("33:1: The splits of pool tiny-test state different limits.")


def test_a_name_that_cannot_stand_in_an_address_is_told(folder: Path) -> None:
    (found,) = mistakes(folder, ("[tasks.classification.splits.secret]", '[tasks.classification.splits."Top Secret"]'))
    assert found.startswith("29:1: tasks.classification.splits.Top Secret: 'Top Secret' is no name.")


def test_every_row_of_a_table_of_categories_that_is_none_is_told(folder: Path) -> None:
    (folder / "categories.tsv").write_text("id\twnid\theight\tchildren\tname\n1\t\t0\t\tcat\ntwo\t\t0\t\tdog\n3 fox\n")
    mistakes(folder, ("year = 2026", 'year = 2026\nsynsets = "categories.tsv"'))
    _, faults = examine_challenge(folder)
    assert [(placed.path.name, placed.fault.line) for placed in faults] == [
        ("categories.tsv", 3),
        ("categories.tsv", 4),
    ]
    with pytest.raises(Unreadable, match="synsets-unreadable"):
        read_challenge(folder)


def test_a_folder_without_a_definition_is_told_what_writes_one(tmp_path: Path) -> None:
    (placed,) = examine_challenge(tmp_path)[1]
    assert "challenge new" in placed.fault.remedy
