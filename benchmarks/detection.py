"""Detection, 2,000,000 rows: from the file to mean average precision, each category's and curves, beside hotcoco.

hotcoco (COCO's rule, one overlap, every detection counts) reads the same detections as COCO's results.
"""

import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detections import CATEGORIES, IMAGES, Boxes, as_text, drawn, true_boxes
from benchmarks.page import rewrite
from benchmarks.turns import OURS, Goal, named, table, timed
from services.scorer.protocol import Case
from services.scorer.tasks import detection

ROWS, ROUNDS = 2_000_000, 5


def main() -> None:
    """Measure, print the table, rewrite the section."""
    truth, called = true_boxes()
    boxes, confidences = drawn(truth, ROWS)
    data = as_text(boxes, confidences)
    case = Case(images=IMAGES, categories=CATEGORIES)
    known = detection.read_truth(case, as_text(truth, np.ones(len(truth.images))))

    def ours() -> float:
        found = detection.score(detection.parse(case, data, known), known).found.values()
        return sum(found) / len(found)

    with tempfile.TemporaryDirectory() as folder:
        theirs = _hotcoco(Path(folder), truth, boxes, confidences)
        print(f"mean average precision: {ours():.6f}; by COCO's rule {theirs():.6f}")
        peer = named("hotcoco", "load + evaluate")
        times = timed({OURS: ours, peer: theirs}, ROUNDS)
    title = f"{ROWS:,} detections over {called} ({len(data) / 1e6:.0f} MB of text)"
    text = table(title, times, Goal(peer, 2))
    print(text)
    rewrite("detection", text)


def _hotcoco(folder: Path, truth: Boxes, boxes: Boxes, confidences: Any) -> Any:
    """What loads and evaluates the same detections with hotcoco."""
    hotcoco = import_module("hotcoco")

    objects, results = folder / "truth.json", folder / "results.json"
    annotations = [
        {"id": number, "iscrowd": 0, "area": row["bbox"][2] * row["bbox"][3], **row}
        for number, row in enumerate(_rows(truth), 1)
    ]
    images = [{"id": number, "width": 500, "height": 500} for number in range(1, IMAGES + 1)]
    categories = [{"id": number, "name": str(number)} for number in range(1, CATEGORIES + 1)]
    objects.write_text(json.dumps({"images": images, "categories": categories, "annotations": annotations}))
    scored = [row | {"score": score} for row, score in zip(_rows(boxes), confidences.tolist(), strict=True)]
    results.write_text(json.dumps(scored))
    known = hotcoco.COCO(str(objects))

    def load_and_evaluate() -> float:
        evaluation = hotcoco.COCOeval(known, known.load_res(str(results)), "bbox")
        evaluation.params.iou_thrs = [0.5]
        evaluation.params.max_dets = [len(confidences)]
        evaluation.params.area_rng, evaluation.params.area_rng_lbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
        precision = np.asarray(evaluation.eval["precision"])
        return float(precision[precision > -1].mean())

    return load_and_evaluate


def _rows(boxes: Boxes) -> list[dict[str, Any]]:
    """As COCO writes boxes: corner and size, the last pixel included."""
    sides = boxes.corners[:, 2:] - boxes.corners[:, :2] + 1
    shapes = np.hstack([boxes.corners[:, :2], sides]).round(4).tolist()
    numbers = zip(boxes.images.tolist(), boxes.categories.tolist(), shapes, strict=True)
    return [{"image_id": image, "category_id": category, "bbox": shape} for image, category, shape in numbers]


if __name__ == "__main__":
    main()
