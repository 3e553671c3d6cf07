"""Detection, 2,000,000 rows: from the file to mean average precision, each category's and curves, beside hotcoco.

The slower evaluators get the part of the first images. Then two and four times the rows: is the time in proportion?
COCO's evaluators (another rule of matching and of the area) read the same detections as COCO's results.
"""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import coco, mmdet
from benchmarks.detections import CATEGORIES, IMAGES, Boxes, as_text, drawn, true_boxes
from benchmarks.page import rewrite
from benchmarks.stages import Stages, lines, measured, within
from benchmarks.turns import OURS, Goal, Way, named, table, timed
from services.scorer.protocol import Case
from services.scorer.tasks import detection

ROWS, ROUNDS = 2_000_000, 5
PART_IMAGES, PART_ROUNDS = 500, 5
"""What the slowest evaluator finishes in seconds."""

FAR_END = (
    "The development kit's own routine under GNU Octave 7 took 15.9 s for the demo of the kit, 49,013 rows with and "
    "without its list of exclusions: measured once, on another day, and not by this benchmark."
)


def main() -> None:
    """Measure, print the tables, rewrite the section."""
    truth, called = true_boxes()
    text = "\n\n".join([_beside_hotcoco(truth, called), _part(truth), _growth(truth), FAR_END])
    print(text)
    rewrite("detection", text)


def _beside_hotcoco(truth: Boxes, called: str) -> str:
    boxes, confidences = drawn(truth, ROWS)
    data = as_text(boxes, confidences)
    with tempfile.TemporaryDirectory() as folder:
        coco.write(Path(folder), truth, boxes, confidences)
        peer = named("hotcoco", "load + evaluate")
        ways: dict[str, Way] = {OURS: _ours(truth, data, IMAGES), peer: coco.hotcoco(Path(folder), ROWS)}
        times = timed(ways, ROUNDS)
    title = f"{ROWS:,} detections over {called} ({len(data) / 1e6:.0f} MB of text)"
    return table(title, times, Goal(peer, 2))


def _ours(truth: Boxes, data: bytes, images: int) -> Way:
    """What reads and measures `data`; gives the mean average precision."""
    case = Case(images=images, categories=CATEGORIES)
    known = detection.read_truth(case, as_text(truth, np.ones(len(truth.images))))

    def score() -> float:
        found = detection.score(detection.parse(case, data, known), known).found.values()
        return sum(found) / len(found)

    return score


def _part(truth: Boxes) -> str:
    boxes, confidences = drawn(truth, ROWS)
    there = boxes.images <= PART_IMAGES
    boxes, confidences, truth = _of(boxes, there), confidences[there], _of(truth, truth.images <= PART_IMAGES)
    rows = len(confidences)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        coco.write(folder, truth, boxes, confidences, PART_IMAGES)
        ways: dict[str, Way] = {
            OURS: _ours(truth, as_text(boxes, confidences), PART_IMAGES),
            named("hotcoco"): coco.hotcoco(folder, rows),
            named("faster-coco-eval"): coco.faster_coco_eval(folder, rows),
            named("pycocotools"): coco.pycocotools(folder, rows),
            named("mmdet", "eval_map, of arrays"): mmdet.eval_map(truth, boxes, confidences, PART_IMAGES),
        }
        return table(f"Of these the {rows:,} detections in the first {PART_IMAGES} images", timed(ways, PART_ROUNDS))


def _of(boxes: Boxes, there: NDArray[np.bool_]) -> Boxes:
    return Boxes(boxes.images[there], boxes.categories[there], boxes.corners[there])


def _growth(truth: Boxes) -> str:
    found = {f"{times} ×": stages(truth, times * ROWS, ROUNDS) for times in (1, 2, 4)}
    first, *_, last = found.values()
    ratio = last.nanoseconds_a_row() / first.nanoseconds_a_row()
    verdict = within("time a row of the longest, in that of the shortest", ratio, 1.3)
    own = last.own_nanoseconds_a_row() / first.own_nanoseconds_a_row()
    return "\n".join(["Stage by stage:", "", *lines(found), "", verdict, f"Without the kernel's time: {own:.2f}."])


def stages(truth: Boxes, rows: int, rounds: int) -> Stages:
    """The stages for so many rows."""
    case = Case(images=IMAGES, categories=CATEGORIES)
    known = detection.read_truth(case, as_text(truth, np.ones(len(truth.images))))
    return measured(detection, case, as_text(*drawn(truth, rows)), known, rows, rounds)


if __name__ == "__main__":
    main()
