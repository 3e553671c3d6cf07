"""Publishing: checked by the scorer, immutable by version, never a truth that is not perfect against itself."""

from pathlib import Path

import pytest

from services.gateway.desk import Desk
from services.gateway.publish import Publication, publish, published_version, read_truth_argument
from services.gateway.store import challenges
from shared import keys
from shared.bundles import pack
from shared.challenge import read_challenge
from shared.errors import Broken, Conflict, Missing, Refused, Unreadable
from shared.storage import Storage
from tests.services.gateway.editions import edition_in, rewrite


@pytest.fixture
def folder(desk: Desk, operator: Storage, tmp_path: Path) -> Path:
    """A definition with a name of its own."""
    return edition_in(desk, operator, tmp_path).folder


def go(desk: Desk, operator: Storage, folder: Path, *truths: str, check: bool = False) -> Publication:
    return publish(desk.database, operator, desk.clock, folder, list(truths), check=check)


def test_a_challenge_goes_live_with_its_truth_by_digest(desk: Desk, operator: Storage, folder: Path) -> None:
    done = go(desk, operator, folder, f"test={folder / 'truth.txt'}", check=True)
    assert done.is_new
    digest = done.truths["classification", "test"]
    assert operator.read(keys.GROUND_TRUTH, keys.truth_key(digest), 100) == b"1\n2\n3\n4\n"
    definition = operator.read(keys.GROUND_TRUTH, keys.definition_key(done.digest), 10_000)
    assert definition == read_challenge(folder).canonical()
    with desk.database.begin() as session:
        assert challenges.newest(session, done.challenge.name).truths == done.truths


def test_the_same_again_changes_nothing_and_another_split_can_follow(
    desk: Desk, operator: Storage, folder: Path
) -> None:
    truth = folder / "truth.txt"
    assert go(desk, operator, folder, f"test={truth}").is_new
    assert not go(desk, operator, folder, f"test={truth}").is_new
    assert go(desk, operator, folder, f"classification/validation={truth}").is_new


def test_what_is_published_at_every_start_is_left_as_it_is_once_its_version_is_live(
    desk: Desk, operator: Storage, folder: Path
) -> None:
    assert published_version(desk.database, folder) is None
    done = go(desk, operator, folder, f"test={folder / 'truth.txt'}")
    assert published_version(desk.database, folder) == f"{done.challenge.name} version 1"
    rewrite(folder, "Four images, for tests.", "Said in other words by a newer release.")
    assert published_version(desk.database, folder) == f"{done.challenge.name} version 1"
    rewrite(folder, "version = 1", "version = 2")
    assert published_version(desk.database, folder) is None


def test_a_published_version_cannot_be_edited_but_a_new_one_takes_its_place(
    desk: Desk, operator: Storage, folder: Path
) -> None:
    go(desk, operator, folder, f"test={folder / 'truth.txt'}")
    rewrite(folder, "Four images, for tests.", "Four other images.")
    with pytest.raises(Conflict, match="version-published"):
        go(desk, operator, folder)
    rewrite(folder, "version = 1", "version = 2")
    with pytest.raises(Conflict, match="truth-missing"):
        go(desk, operator, folder)
    done = go(desk, operator, folder, f"test={folder / 'truth.txt'}")
    with desk.database.begin() as session:
        assert challenges.newest(session, done.challenge.name).challenge.version == 2


def test_a_truth_cannot_be_changed_under_its_version(desk: Desk, operator: Storage, folder: Path) -> None:
    truth = folder / "truth.txt"
    go(desk, operator, folder, f"test={truth}")
    truth.write_text("4\n3\n2\n1\n")
    with pytest.raises(Conflict, match="truth-published"):
        go(desk, operator, folder, f"test={truth}")


@pytest.mark.parametrize(
    ("content", "said"),
    [("1\n2\n3\n", "found 3"), ("1\nx\n3\n4\n", "letters"), ("1\n0\n3\n4\n", "truth"), ("", "empty")],
    ids=["a line short", "a letter", "no label", "empty"],
)
def test_a_truth_with_a_fault_is_refused_before_anything_is_stored(
    desk: Desk, operator: Storage, folder: Path, content: str, said: str
) -> None:
    truth = folder / "truth.txt"
    truth.write_text(content)
    with pytest.raises((Unreadable, Broken), match=said):
        go(desk, operator, folder, f"test={truth}", check=True)
    with desk.database.begin() as session, pytest.raises(Missing):
        challenges.newest(session, read_challenge(folder).name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version = 1", "version = 0", "version"),
        ("images = 4", "images = -4", "images"),
        ('title = "Tiny challenge"', "", "title"),
        ("max_bytes", "most_bytes", "most_bytes"),
        ("year = 2026", "year = 2026 =", "challenge.toml"),
    ],
)
def test_a_definition_with_a_mistake_is_refused_by_the_name_of_its_field(
    desk: Desk, operator: Storage, folder: Path, old: str, new: str, said: str
) -> None:
    rewrite(folder, old, new)
    with pytest.raises(Refused, match=said):
        go(desk, operator, folder)


def test_a_headline_that_the_scorer_does_not_know_is_refused(desk: Desk, operator: Storage, folder: Path) -> None:
    rewrite(folder, '"top_5_error"', '"top_six_error"')
    with pytest.raises(Unreadable, match="headline-unknown"):
        go(desk, operator, folder, f"test={folder / 'truth.txt'}", check=True)


def test_splits_of_one_pool_state_one_limit(desk: Desk, operator: Storage, folder: Path) -> None:
    rewrite(folder, 'pool = "tiny-secret", places = 2', 'pool = "tiny-test", places = 3')
    with pytest.raises(Unreadable, match="different limits"):
        go(desk, operator, folder)


def test_a_truth_for_no_split_in_particular_is_asked_which(desk: Desk, operator: Storage, folder: Path) -> None:
    with pytest.raises(Missing, match="does not name one split"):
        go(desk, operator, folder, str(folder / "truth.txt"))


def test_further_parts_are_named_behind_the_truth_and_stored_with_it(
    desk: Desk, operator: Storage, folder: Path, tmp_path: Path
) -> None:
    excluded = tmp_path / "excluded,twice.txt"
    excluded.write_bytes(b"2\n")
    argument = f"test={folder / 'truth.txt'},excluded={excluded}"
    assert read_truth_argument(read_challenge(folder), argument).parts == {"excluded": excluded}
    digest = go(desk, operator, folder, argument).truths["classification", "test"]
    stored = operator.read(keys.GROUND_TRUTH, keys.truth_key(digest), 10_000)
    assert stored == pack({"excluded": b"2\n", "truth": (folder / "truth.txt").read_bytes()})
