"""Detection, the same 500,000 rows as text, as JSON rows and as COCO's results: reading, scoring and report."""

import json

import numpy as np

from benchmarks.detections import CATEGORIES, IMAGES, as_text, drawn, true_boxes
from benchmarks.page import rewrite
from benchmarks.stages import lines, measured, within
from services.scorer.protocol import Case
from services.scorer.tasks import detection

ROWS, ROUNDS = 500_000, 5


def main() -> None:
    """Measure, print the table, rewrite the section."""
    truth, called = true_boxes()
    boxes, confidences = drawn(truth, ROWS)
    case = Case(images=IMAGES, categories=CATEGORIES)
    known = detection.read_truth(case, as_text(truth, np.ones(len(truth.images))))
    numbers = (boxes.images.tolist(), boxes.categories.tolist(), confidences.tolist(), boxes.corners.tolist())
    rows = [[image, category, score, *box] for image, category, score, box in zip(*numbers, strict=True)]
    files = {
        "text": as_text(boxes, confidences),
        "JSON rows": json.dumps(rows).encode(),
        "COCO's results": json.dumps([_result(row) for row in rows]).encode(),
    }
    found = {name: measured(detection, case, data, known, ROWS, ROUNDS) for name, data in files.items()}
    text, json_rows, coco = (stages.nanoseconds_a_row() for stages in found.values())
    title = f"{ROWS:,} detections over {called}, median of {ROUNDS} rounds:"
    told = "\n".join(
        [
            *(title, "", *lines(found), ""),
            within("time a JSON row, in that of text", json_rows / text, 2),
            within("time a result of COCO, in that of text", coco / text, 2),
        ]
    )
    print(told)
    rewrite("detection-json", told)


def _result(row: list[float]) -> dict[str, object]:
    image, category, score, xmin, ymin, xmax, ymax = row
    box = [xmin, ymin, round(xmax - xmin + 1, 4), round(ymax - ymin + 1, 4)]
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


if __name__ == "__main__":
    main()
