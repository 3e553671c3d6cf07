"""mmdet's `eval_map` by the rule of ImageNet detection, on the detections of benchmarks.

Its one module is loaded alone: the packages round it import PyTorch and mmcv, of which it uses nothing.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.coco import Evaluate
from benchmarks.detections import CATEGORIES, Boxes

PLACE = "mmdet.evaluation.functional"

OF_ONE_PIXEL = 1
"""What its rule takes from the corners of true boxes before it compares them."""


def eval_map(truth: Boxes, boxes: Boxes, confidences: NDArray[np.float64], images: int) -> Evaluate:
    """What evaluates, in one process, arrays that lie ready; gives the mean average precision."""
    evaluation = _module()
    found = _by_image_and_category(boxes, np.column_stack([boxes.corners, confidences]), images)
    known = _annotations(truth, images)

    def evaluate() -> float:
        told = {"dataset": "det", "use_legacy_coordinate": True, "nproc": 1, "logger": "silent"}
        return float(evaluation.eval_map(found, known, **told)[0])

    return evaluate


def _module() -> Any:
    spec = find_spec("mmdet")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("mmdet is not here: requirements/bench.txt has it")
    home = spec.submodule_search_locations[0]
    for name in ("mmdet", "mmdet.evaluation", PLACE):
        package = sys.modules.setdefault(name, ModuleType(name))
        package.__path__ = [home + name.removeprefix("mmdet").replace(".", "/")]
    silent = {"print_log": lambda *_, **__: None, "is_str": lambda value: isinstance(value, str)}
    for name in ("mmengine", "mmengine.logging", "mmengine.utils"):
        sys.modules.setdefault(name, ModuleType(name)).__dict__.update(silent)
    return import_module(f"{PLACE}.mean_ap")


def _by_image_and_category(boxes: Boxes, rows: NDArray[np.float64], images: int) -> list[list[NDArray[np.float32]]]:
    """For each image, the rows of each category."""
    places = (boxes.images - 1) * CATEGORIES + boxes.categories - 1
    order = np.argsort(places, kind="stable")
    cuts = np.searchsorted(places[order], np.arange(1, images * CATEGORIES))
    cells = np.split(rows[order].astype(np.float32), cuts)
    return [cells[image * CATEGORIES : (image + 1) * CATEGORIES] for image in range(images)]


def _annotations(truth: Boxes, images: int) -> list[dict[str, NDArray[Any]]]:
    order = np.argsort(truth.images, kind="stable")
    cuts = np.searchsorted(truth.images[order], np.arange(2, images + 1))
    corners = np.split(truth.corners[order].astype(np.float32) + OF_ONE_PIXEL, cuts)
    labels = np.split(truth.categories[order] - 1, cuts)
    return [{"bboxes": box, "labels": label} for box, label in zip(corners, labels, strict=True)]
