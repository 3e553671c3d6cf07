"""Inline JSON as the OpenAPI document has it: every task has a form, and its example is read by the scorer's own reader."""

import json

import pytest

from services.gateway.api.inline import CONTENT, INLINE, Inline
from services.scorer.protocol import Case
from services.scorer.tasks import TASKS, find_task
from tests.trials import TRIALS

COUNTS = {
    "ClassificationPredictions": {"images": 10, "guesses": 50},
    "LocalizationPredictions": {"images": 2, "guesses": 2},
    "DetectionPredictions": {"detections": 2, "images": 2},
    "CocoResults": {"detections": 1, "images": 1},
    "VideoDetectionPredictions": {"detections": 1, "frames": 1},
    "TrackingPredictions": {"boxes": 2, "frames": 2},
    "SceneClassificationPredictions": {"images": 2, "guesses": 6},
}
PATTERNS = {"localization": "ILSVRC2012_val_{:08d}", "classification": "practice_{:08d}"}


@pytest.mark.parametrize("form", INLINE, ids=lambda form: form.name)
def test_every_example_is_read_by_its_task_without_a_note(form: Inline) -> None:
    task = find_task(form.kind)
    images = COUNTS[form.name]["images"] if form.kind in PATTERNS else None
    case = Case(images=images, categories=1000, image_names=PATTERNS.get(form.kind, ""))
    found = task.describe(task.parse(case, json.dumps(form.example).encode(), None))
    assert found.counts == COUNTS[form.name]
    assert {note.code for note in found.notes} <= {"missing-guesses", "unknown-categories"}


def test_every_task_has_a_form_but_for_scene_parsing_which_takes_a_zip() -> None:
    assert {form.kind for form in INLINE} == {task.NAME for task in TASKS} - {"scene-parsing"}
    assert {form.kind for form in INLINE} == {trial.kind for trial in TRIALS} - {"scene-parsing"}


def test_the_document_names_every_form_that_is_an_object_and_shows_it() -> None:
    names = [form.name for form in INLINE if form.name != "CocoResults"]
    assert [schema["title"] for schema in CONTENT["schema"]["anyOf"]] == names
    assert list(CONTENT["examples"]) == names
