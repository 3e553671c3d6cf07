"""COCO's evaluators on the detections of benchmarks: one overlap, all sizes, every detection counts.

All three have the same interface; what they load is written as COCO's files first.
"""

import contextlib
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.detections import CATEGORIES, IMAGES, Boxes

Evaluate = Callable[[], float]


def write(folder: Path, truth: Boxes, boxes: Boxes, confidences: NDArray[np.float64], images: int = IMAGES) -> None:
    """Write the truth and the results as COCO does."""
    annotations = [
        {"id": number, "iscrowd": 0, "area": row["bbox"][2] * row["bbox"][3], **row}
        for number, row in enumerate(_rows(truth), 1)
    ]
    listed = [{"id": number, "width": 500, "height": 500} for number in range(1, images + 1)]
    categories = [{"id": number, "name": str(number)} for number in range(1, CATEGORIES + 1)]
    (folder / "truth.json").write_text(
        json.dumps({"info": {}, "images": listed, "categories": categories, "annotations": annotations})
    )
    scored = [row | {"score": score} for row, score in zip(_rows(boxes), confidences.tolist(), strict=True)]
    (folder / "results.json").write_text(json.dumps(scored))


def hotcoco(folder: Path, detections: int) -> Evaluate:
    """What loads and evaluates with hotcoco; gives the mean average precision."""
    module = import_module("hotcoco")
    known = module.COCO(str(folder / "truth.json"))

    def evaluate() -> float:
        evaluation = module.COCOeval(known, known.load_res(str(folder / "results.json")), "bbox")
        evaluation.params.iou_thrs, evaluation.params.max_dets = [0.5], [detections]
        evaluation.params.area_rng, evaluation.params.area_rng_lbl = [[0, 1e10]], ["all"]
        return _mean(evaluation)

    return evaluate


def pycocotools(folder: Path, detections: int) -> Evaluate:
    """The same with pycocotools."""
    coco, evaluation = import_module("pycocotools.coco").COCO, import_module("pycocotools.cocoeval").COCOeval
    return _like_the_first(coco, evaluation, folder, detections)


def faster_coco_eval(folder: Path, detections: int) -> Evaluate:
    """The same with faster-coco-eval."""
    module = import_module("faster_coco_eval")
    return _like_the_first(module.COCO, module.COCOeval_faster, folder, detections)


def _like_the_first(coco: Any, coco_eval: Any, folder: Path, detections: int) -> Evaluate:
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco(str(folder / "truth.json"))

    def evaluate() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = coco_eval(known, known.loadRes(str(folder / "results.json")), "bbox")
            evaluation.params.iouThrs, evaluation.params.maxDets = np.array([0.5]), [detections]
            evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
            return _mean(evaluation)

    return evaluate


def _mean(evaluation: Any) -> float:
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray(evaluation.eval["precision"])
    return float(precision[precision > -1].mean())


def _rows(boxes: Boxes) -> list[dict[str, Any]]:
    """As COCO writes boxes: corner and size, the last pixel included."""
    sides = boxes.corners[:, 2:] - boxes.corners[:, :2] + 1
    shapes = np.hstack([boxes.corners[:, :2], sides]).round(4).tolist()
    numbers = zip(boxes.images.tolist(), boxes.categories.tolist(), shapes, strict=True)
    return [{"image_id": image, "category_id": category, "bbox": shape} for image, category, shape in numbers]
