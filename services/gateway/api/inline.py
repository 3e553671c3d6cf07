"""Inline JSON of every task, as the OpenAPI document describes and shows it; tests have the scorer read each example.

The task is in the address, so a body is of that task's form. Scene parsing has none: it takes a zip of masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.api import practice

Schema = dict[str, Any]

_WHOLE: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_LABEL: Schema = {"oneOf": [_WHOLE, {"type": "string", "pattern": "^n[0-9]{8}$"}]}


@dataclass(frozen=True, slots=True)
class Inline:
    """One form: its name in the document, the kind of task that takes it, its schema, and a body that is of it."""

    name: str
    kind: str
    summary: str
    schema: Schema
    example: Any

    def titled(self) -> Schema:
        """The schema with its name."""
        return {"title": self.name, "description": self.summary} | self.schema

    def shown(self) -> dict[str, Any]:
        """The example, with what it is."""
        return {"summary": f"{self.name}: {self.summary}", "value": self.example}


def _predictions(content: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["predictions"],
        "additionalProperties": False,
        "properties": {"predictions": content | {"description": "of the whole file, in the form that is told above"}},
    }


def _by_image(guess: Schema) -> Schema:
    """Guesses for each image, by its name or in the order of the images."""
    guesses = {"type": "array", "items": guess}
    by_name = {"title": "ByImage", "type": "object", "additionalProperties": guesses}
    return {"oneOf": [by_name, {"type": "array", "items": guesses}]}


def _row(*columns: str) -> Schema:
    """A row of so many numbers."""
    count = len(columns)
    return {"type": "array", "items": _NUMBER, "minItems": count, "maxItems": count, "description": ", ".join(columns)}


def _rows(*columns: str) -> Schema:
    return _predictions({"type": "array", "items": _row(*columns), "minItems": 1})


_BOX = ("xmin", "ymin", "xmax", "ymax")
_LOCATED = {"type": "array", "prefixItems": [_LABEL], "items": _NUMBER, "minItems": 5, "maxItems": 5}
_COCO_RESULT = {
    "type": "object",
    "required": ["image_id", "category_id", "score", "bbox"],
    "properties": {
        "image_id": _WHOLE | {"description": "the image's index in the split's list, from 1"},
        "category_id": _WHOLE | {"description": "the category's id in the challenge's list, from 1"},
        "score": _NUMBER | {"description": "the confidence"},
        "bbox": _row("x", "y", "width", "height"),
    },
}

INLINE: Sequence[Inline] = (
    Inline(
        "ClassificationPredictions",
        "classification",
        "image → ids of categories, best first; or the rows of ids in the order of the images",
        _predictions(_by_image(_LABEL)),
        {"predictions": practice.PREDICTIONS},
    ),
    Inline(
        "LocalizationPredictions",
        "localization",
        "image → guesses [label, xmin, ymin, xmax, ymax], best first; or such rows in the order of the images",
        _predictions(_by_image(_LOCATED)),
        {
            "predictions": {
                "ILSVRC2012_val_00000001": [[490, 111, 108, 441, 193], [361, 45, 49, 499, 162]],
                "ILSVRC2012_val_00000002": [],
            }
        },
    ),
    Inline(
        "DetectionPredictions",
        "detection",
        "rows of image, category, confidence, xmin, ymin, xmax, ymax",
        _rows("image", "category", "confidence", *_BOX),
        {"predictions": [[1, 159, 0.884664, 119.976, 104.97, 446.639, 196.629], [3, 134, 0.95679, 84, 80, 495, 265]]},
    ),
    Inline(
        "CocoResults",
        "detection",
        "COCO's results, with the challenge's own indices and ids",
        {"type": "array", "items": _COCO_RESULT, "minItems": 1},
        [{"image_id": 1, "category_id": 159, "score": 0.884664, "bbox": [119.976, 104.97, 327.663, 92.659]}],
    ),
    Inline(
        "VideoDetectionPredictions",
        "video-detection",
        "rows of frame, category, -1, confidence, xmin, ymin, xmax, ymax (without the -1 in 2015)",
        _rows("frame", "category", "track", "confidence", *_BOX),
        {"predictions": [[1, 5, -1, 0.884664, 119.976, 104.97, 446.639, 196.629]]},
    ),
    Inline(
        "TrackingPredictions",
        "video-tracking",
        "rows of frame, category, number of the track, confidence, xmin, ymin, xmax, ymax",
        _rows("frame", "category", "track", "confidence", *_BOX),
        {"predictions": [[30, 2, 14, 0.218851, 126, 244, 140, 254], [31, 2, 14, 0.25, 127, 244, 141, 254]]},
    ),
    Inline(
        "SceneClassificationPredictions",
        "scene-classification",
        "image → ids of categories from 0, best first; or the rows in the alphabetical order of the names",
        _predictions(_by_image(_WHOLE)),
        {"predictions": {"Places365_val_00000001.jpg": [165, 62, 17, 210, 4], "Places365_val_00000002.jpg": [0]}},
    ),
)

# Any, not one: rows of seven whole numbers are of several forms, and the task in the address decides.
# COCO's list is left to those who send files: generators of clients cannot tell a list from the other ways in.
_OBJECTS = [form for form in INLINE if form.schema["type"] == "object"]
CONTENT: dict[str, Any] = {
    "schema": {"anyOf": [form.titled() for form in _OBJECTS]},
    "examples": {form.name: form.shown() for form in _OBJECTS},
}
"""Of the media type application/json. The first example, which Swagger UI sends as it stands, is the practice task's."""
