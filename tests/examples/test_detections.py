"""COCO's results, as detectron2 and mmdetection write them, become a submission that scores what the boxes are worth."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.scorer.offline import SCORED, Wanted, score
from tests.examples.programs import EXAMPLES, ROOT, python_for, run
from tests.trials import TRIALS

PROGRAM = EXAMPLES / "detection" / "coco_results.py"
TABLE = ROOT / "deploy" / "challenges" / "ilsvrc2013" / "detection.tsv"
(TRIAL,) = (trial for trial in TRIALS if trial.kind == "detection")

Result = dict[str, Any]
Shape = Callable[[Result], Result]


def as_detectron2(result: Result) -> Result:
    """A line of coco_instances_results.json, of a model that finds masks as well."""
    return result | {"segmentation": {"size": [500, 375], "counts": "PPYo0"}}


def as_mmdetection(result: Result) -> Result:
    """A line of results.bbox.json."""
    return {name: result[name] for name in ("image_id", "bbox", "score", "category_id")}


@pytest.fixture(params=[as_detectron2, as_mmdetection])
def shape(request: pytest.FixtureRequest) -> Shape:
    chosen: Shape = request.param
    return chosen


def results(shape: Shape, image: Callable[[int], int], category: Callable[[int], int]) -> list[Result]:
    """The official case's detections in COCO's words, under the ids of an annotations file."""
    found = []
    for line in TRIAL.predictions.decode().splitlines():
        index, ours, confidence, left, top, right, bottom = map(float, line.split())
        box = [left, top, right - left + 1, bottom - top + 1]
        ids = {"image_id": image(int(index)), "category_id": category(int(ours))}
        found.append(shape({**ids, "bbox": box, "score": confidence}))
    return found


def annotations(name: Callable[[list[str]], str]) -> Result:
    """What the tool was run on: images in no order, and categories with the numbers of another list."""
    rows = [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]
    return {
        "images": [{"id": foreign_image(i), "file_name": f"val/{i:08d}.JPEG"} for i in range(TRIAL.images, 0, -1)],
        "categories": [{"id": foreign_category(int(row[0])), "name": name(row)} for row in rows],
    }


def foreign_image(index: int) -> int:
    return 139_000 + 7 * (TRIAL.images - index)


def foreign_category(number: int) -> int:
    return 900 - number


def metrics(predictions: Path) -> Any:
    """What a file scores in the official case."""
    parts = {}
    for name, content in TRIAL.truth.items():
        parts[name] = predictions.parent / f"{name}.truth"
        parts[name].write_bytes(content)
    code, said = score(Wanted("detection", as_json=True), predictions, parts.pop("truth"), parts)
    assert code == SCORED, said
    return json.loads(said)["metrics"]


def prepare(folder: Path, found: list[Result], told: Result) -> tuple[str, ...]:
    """The program's files; its arguments."""
    (folder / "found.json").write_text(json.dumps(found))
    (folder / "val.json").write_text(json.dumps(told))
    (folder / "val.txt").write_text("".join(f"{i:08d} {i}\n" for i in range(1, TRIAL.images + 1)))
    return ("found.json", "--annotations", "val.json", "--images", "val.txt", "--categories", str(TABLE))


@pytest.mark.parametrize("column", [1, -1], ids=["WNIDs", "names"])
def test_results_under_ids_of_ones_own_score_what_the_official_evaluator_says(
    column: int, shape: Shape, tmp_path: Path
) -> None:
    told = annotations(lambda row: row[column])
    run(PROGRAM, *prepare(tmp_path, results(shape, foreign_image, foreign_category), told), folder=tmp_path)
    assert metrics(tmp_path / "detections.txt") == pytest.approx(TRIAL.metrics, abs=1e-12)


def test_results_under_the_challenge_s_ids_need_no_program(shape: Shape, tmp_path: Path) -> None:
    path = tmp_path / "coco_instances_results.json"
    path.write_text(json.dumps(results(shape, int, int)))
    assert metrics(path) == pytest.approx(TRIAL.metrics, abs=1e-12)


def test_a_category_that_the_challenge_does_not_have_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    told = annotations(lambda row: row[1])
    told["categories"][0]["name"] = "traffic light, of COCO"
    arguments = prepare(tmp_path, results(as_mmdetection, foreign_image, foreign_category), told)
    done = subprocess.run([python_for(PROGRAM), PROGRAM, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'traffic light, of COCO'" in done.stderr
    assert not (tmp_path / "detections.txt").exists()
