"""The definitions in deploy/challenges: all load, their sizes are the protocols', and shared test images share a pool."""

import re
from collections import defaultdict
from functools import cache
from shutil import copytree

import pytest

from services.scorer.evaluate import look
from services.scorer.protocol import case_of
from services.scorer.tasks import TASKS, find_task
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Split, Task, read_challenge
from shared.errors import Unreadable
from shared.report import Check
from tests.house.tree import ROOT, text

ALL = ROOT / "deploy/challenges"
FOLDERS = sorted(folder for folder in ALL.iterdir() if folder.name != "practice")
EDITIONS = [f"ilsvrc{year}" for year in range(2010, 2018)]
BROUGHT = {"ilsvrc2010": 1676, "ilsvrc2011": 1676}
"""Editions whose table of categories the operator brings, and the lines that the one of 2010 has."""

LOCALIZATION = {f"ilsvrc{year}" for year in range(2012, 2018)} | {"imagenet-object-localization"}
DETECTION = {f"ilsvrc{year}" for year in range(2013, 2018)}
VIDEO = {f"ilsvrc{year}" for year in range(2015, 2018)}
CATEGORIES = {
    "classification": {1000}, "localization": {1000}, "detection": {200}, "video-detection": {30}, "video-tracking": {30},
    "scene-classification": {365, 401}, "scene-parsing": {150},
}  # fmt: skip
TEST_IMAGES = {
    "ilsvrc2010": {"classification": 150_000},
    "ilsvrc2011": {"classification": 100_000, "localization": 100_000},
    "ilsvrc2012": {"classification": 100_000, "localization": 100_000},
    "ilsvrc2013": {"detection": 40_152},
    "ilsvrc2014": {"detection": 40_152},
    "ilsvrc2015": {"detection": 51_294, "scene-classification": 381_000},
    "ilsvrc2016": {"detection": 60_000, "scene-classification": 328_500, "scene-parsing": 2_000},
    "ilsvrc2017": {"detection": 65_500},
}
VALIDATION_IMAGES = {
    "classification": {50_000}, "localization": {50_000}, "detection": {20_121}, "video-detection": {176_126},
    "video-tracking": {176_126}, "scene-classification": {20_500, 36_500}, "scene-parsing": {2_000},
}  # fmt: skip


def made_up_table(rows: int) -> str:
    """A chain of ancestors above the first 1,000 ids, in the form of a real table."""
    lines = ["id\twnid\theight\tchildren\tname"]
    for number in range(1, rows + 1):
        children = ",".join(map(str, range(1, 1001))) if number == 1001 else str(number - 1) if number > 1001 else ""
        lines.append(f"{number}\tn{number:08}\t{max(0, number - 1000)}\t{children}\tmade up {number}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def challenges(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Challenge]:
    """Every definition, by name; those without their table get one that is made up."""
    copied = copytree(ALL, tmp_path_factory.mktemp("definitions") / "challenges")
    for name, rows in BROUGHT.items():
        (copied / name / "synsets.tsv").write_text(made_up_table(rows))
    return {folder.name: read_challenge(copied / folder.name) for folder in FOLDERS}


@cache
def placed(name: str) -> Challenge:
    """A definition as it is committed."""
    return read_challenge(ALL / name)


COMPLETE = [folder.name for folder in FOLDERS if folder.name not in BROUGHT]
KINDS = {task.NAME for task in TASKS}
SAMPLES = [
    (name, task)
    for name in COMPLETE
    for task, rules in placed(name).tasks.items()
    # A mask is no text: that sample lists the files of an archive.
    if rules.kind in KINDS - {"scene-parsing"}
]


def splits_of(challenges: dict[str, Challenge]) -> list[tuple[str, str, str, Split]]:
    return [
        (name, rules.kind, split_name, split)
        for name, challenge in challenges.items()
        for rules in challenge.tasks.values()
        for split_name, split in rules.splits.items()
    ]


def test_there_is_a_definition_for_every_edition(challenges: dict[str, Challenge]) -> None:
    assert set(challenges) == {*EDITIONS, "imagenet-object-localization", "imagenet-real"}
    assert all(challenge.name == folder for folder, challenge in challenges.items())


@pytest.mark.parametrize("name", BROUGHT)
def test_a_list_of_categories_that_we_do_not_have_is_asked_for_and_not_guessed(name: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        placed(name)
    assert refusal.value.code == "synsets-missing"
    assert f"{name}/synsets.tsv is not there" in refusal.value.sentence


def test_tables_of_categories_are_those_of_the_kits_in_number_and_ends() -> None:
    tables = {
        (task.categories, placed(name).synsets_of(task)) for name in COMPLETE for task in placed(name).tasks.values()
    }
    ends = {(count, len(table), table[0].name, table[count - 1].name) for count, table in tables if table}
    assert ends == {
        (1000, 1860, "kit fox, Vulpes macrotis", "dumbbell"),
        (200, 200, "accordion", "zebra"),
        (30, 30, "airplane", "zebra"),
        (365, 365, "/a/airfield", "/z/zen_garden"),
        (150, 150, "wall", "flag"),
    }
    assert {count for count, table in tables if not table} == {401}


def test_a_table_is_in_one_folder_only() -> None:
    contents = [path.read_bytes() for path in ALL.rglob("*.tsv")]
    assert len(contents) == len(set(contents))


def test_sizes_are_those_of_the_protocols(challenges: dict[str, Challenge]) -> None:
    for name, challenge in challenges.items():
        for rules in challenge.tasks.values():
            assert rules.categories in CATEGORIES[rules.kind]
            assert rules.splits["validation"].images in VALIDATION_IMAGES[rules.kind]
            expected = TEST_IMAGES.get(name, {}).get(rules.kind)
            assert expected is None or expected == rules.splits["test"].images, (name, rules.kind)


def test_test_sets_that_share_images_share_a_pool_of_two_a_week(challenges: dict[str, Challenge]) -> None:
    pools: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name, kind, split_name, split in splits_of(challenges):
        if split.held_out:
            assert split_name == "test"
            pools[split.limits.pool].add((name, kind))
    assert pools["ilsvrc-classification-localization-2012"] == {
        (name, kind)
        for name in LOCALIZATION
        for kind in ("classification", "localization")
        if kind == "localization" or name != "imagenet-object-localization"
    }
    assert pools["ilsvrc-detection"] == {(name, "detection") for name in DETECTION}
    assert pools["ilsvrc-video"] == {(name, "video-detection") for name in VIDEO} | {
        (name, "video-tracking") for name in VIDEO - {"ilsvrc2015"}
    }
    assert pools["places-scenes"] == {("ilsvrc2015", "scene-classification"), ("ilsvrc2016", "scene-classification")}
    alone = {"ilsvrc2010-test": "ilsvrc2010", "ilsvrc2011-test": "ilsvrc2011", "ade20k-test": "ilsvrc2016"}
    assert {pool: {name for name, _ in pools[pool]} for pool in alone} == {pool: {name} for pool, name in alone.items()}
    assert len(pools) == 4 + len(alone)


def test_a_pool_has_one_limit_in_all_editions_and_only_held_out_ones_are_scarce(
    challenges: dict[str, Challenge],
) -> None:
    limits: dict[str, Limits] = {}
    for name, kind, _, split in splits_of(challenges):
        assert limits.setdefault(split.limits.pool, split.limits) == split.limits, (name, kind)
        scarce = (split.limits.places, split.limits.window_seconds) == (2, WEEK_SECONDS)
        assert scarce == split.held_out


def test_detection_is_decided_by_categories_won_and_all_else_by_the_headline(challenges: dict[str, Challenge]) -> None:
    for challenge in challenges.values():
        for rules in challenge.tasks.values():
            by_categories = rules.headline == "mean_average_precision"
            assert rules.winner == ("categories_won" if by_categories else "headline")
            assert rules.winner_rule


def test_every_edition_says_what_it_knows_and_from_where(challenges: dict[str, Challenge]) -> None:
    for name, challenge in challenges.items():
        assert challenge.facts, name
        assert all(fact.says.strip() and fact.source.strip() for fact in challenge.facts)
        unsure = [fact.says for fact in challenge.facts if fact.confidence == "recalled"]
        recalled = {rules.protocol.confidence for rules in challenge.tasks.values()} == {"recalled"}
        assert not recalled or unsure, f"{name} is recalled, but none of its facts is"


def test_the_edition_of_2012_says_why_its_third_task_is_not_there() -> None:
    assert "fine-grained classification" in placed("ilsvrc2012").description
    assert set(placed("ilsvrc2012").tasks) == {"classification", "localization"}


@pytest.mark.parametrize("name", COMPLETE)
def test_the_largest_file_has_its_arithmetic_beside_it(name: str) -> None:
    definition = (ALL / name / "challenge.toml").read_text()
    limits = re.findall(r"((?:^#.*\n)+)max_bytes = ([\d_]+)$", definition, re.MULTILINE)
    assert len(limits) == len(placed(name).tasks)
    for comment, value in limits:
        assert f"{int(value) // 10**6} MB" in " ".join(comment.replace("#", " ").split())


def row_of(name: str, task: str, rules: Task) -> str:
    """A task's row in docs/challenges.md."""
    test = rules.splits.get("test")
    size, pool = (f"{test.images:,}", f"`{test.limits.pool}`") if test else ("–", "–")
    validation = f"{rules.splits['validation'].images:,}"
    decided = rules.headline if rules.winner == "headline" else rules.winner
    cells = (name, task, f"{rules.categories:,}", validation, size, pool, f"`{decided}`", rules.protocol.confidence)
    return f"| {' | '.join(cells)} |"


def test_the_page_of_the_editions_has_a_row_for_every_task(challenges: dict[str, Challenge]) -> None:
    rows = {row_of(name, task, rules) for name, content in challenges.items() for task, rules in content.tasks.items()}
    written = re.findall(r"^\| (?:ilsvrc|imagenet-)\S.*\|$", text("docs/challenges.md"), re.MULTILINE)
    assert set(written) == rows
    assert len(written) == len(rows)


def test_every_kind_of_task_in_a_definition_is_one_that_the_scorer_has(challenges: dict[str, Challenge]) -> None:
    kinds = {rules.kind for challenge in challenges.values() for rules in challenge.tasks.values()}
    assert kinds <= KINDS


@pytest.mark.parametrize(("name", "task"), SAMPLES)
def test_the_sample_of_a_format_is_read_by_its_own_task(name: str, task: str) -> None:
    challenge = placed(name)
    rules = challenge.tasks[task]
    *_, split = rules.splits.values()
    three = split.model_copy(update={"images": 3})
    read = look(
        find_task(rules.kind),
        case_of(challenge, rules, three),
        rules.sample.encode(),
        lambda **found: Check(task=rules.kind, **found),
    )
    assert (read.outcome, read.failure) == ("accepted", None)


def test_a_folder_holds_nothing_but_a_definition_and_tables() -> None:
    assert {path.suffix for folder in FOLDERS for path in folder.iterdir()} == {".toml", ".tsv"}
