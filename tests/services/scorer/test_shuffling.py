"""A truth out of order is a submission that its task takes, and scores what chance gives."""

import io
import random
import zipfile

import numpy as np
import pytest
from PIL import Image

from services.scorer.evaluate import find
from services.scorer.formats.bundle import open_bundle
from services.scorer.protocol import Task, case_of
from services.scorer.shuffling import chance_of, shuffled
from services.scorer.tasks import TASKS, classification, scene_parsing
from shared.bundles import TRUTH

PARTS = ("excluded", "labels", "videos")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.NAME)
def test_every_task_takes_its_own_truth_out_of_order(task: Task) -> None:
    example = task.EXAMPLE
    rules = example.definition.tasks[task.NAME]
    case = case_of(example.definition, rules, rules.splits["test"])
    first = open_bundle(example.truth, PARTS)[TRUTH]
    out_of_order = shuffled(task.NAME, first)
    assert rules.headline in find(task, case, out_of_order, example.truth).metrics
    assert out_of_order == shuffled(task.NAME, first)


def test_what_chance_gives_to_labels_is_the_mean_and_deviation_of_many_permutations() -> None:
    draw = np.random.default_rng(1)
    labels = draw.choice([1, 2, 3, 4], 60, p=[0.5, 0.3, 0.1, 0.1])
    chance = chance_of(classification.NAME, "".join(f"{label}\n" for label in labels).encode())
    assert chance is not None
    errors = [(draw.permutation(labels) != labels).mean() for _ in range(20_000)]
    assert chance.expected == pytest.approx(np.mean(errors), abs=0.002)
    assert chance.deviation == pytest.approx(np.std(errors), rel=0.03)


def test_one_label_everywhere_is_right_by_chance_and_several_in_a_line_have_no_formula() -> None:
    chance = chance_of(classification.NAME, b"3\n3\n3\n")
    assert chance is not None
    assert (chance.expected, chance.deviation) == (0, 0)
    assert chance_of(classification.NAME, b"1 2\n3 1\n1\n") is None


def test_what_chance_gives_to_pixels_is_what_shuffled_masks_score() -> None:
    draw = random.Random(5)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for place in range(4):
            pixels = bytes(draw.choices((0, 1, 2, 3), (1, 4, 2, 1), k=64 * 48))
            file = io.BytesIO()
            Image.frombytes("L", (64, 48), pixels).save(file, "png")
            archive.writestr(f"mask_{place}.png", file.getvalue())
    truth, rules = packed.getvalue(), scene_parsing.EXAMPLE.definition.tasks[scene_parsing.NAME]
    case = case_of(scene_parsing.EXAMPLE.definition, rules, None)
    chance = chance_of(scene_parsing.NAME, truth)
    assert chance is not None
    found = find(scene_parsing, case, shuffled(scene_parsing.NAME, truth), truth).metrics["pixel_accuracy"]
    assert abs(found - chance.expected) <= 4 * chance.deviation
    assert 0.3 < chance.expected < 0.5
