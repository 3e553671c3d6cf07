"""Video detection, 176,126 frames: 5,000,000 boxes and half as many; a tiny file; and detection's rate beside it."""

from statistics import median

import numpy as np

from benchmarks import detection, videos
from benchmarks.detections import true_boxes
from benchmarks.page import rewrite
from benchmarks.stages import Stages, lines, measured, within
from services.scorer.protocol import Case
from services.scorer.tasks import video_detection

BOXES, TINY, ROUNDS = 5_000_000, 100, 5
OF_DETECTION = 2_000_000
TINY_GOAL_SECONDS = 3


def main() -> None:
    """Measure, print the table, rewrite the section."""
    truth = videos.objects()
    case = Case(images=videos.FRAMES, categories=videos.CATEGORIES)
    known = video_detection.read_truth(case, truth.text(np.ones(len(truth.frames)), with_tracks=False))

    def of(rows: int) -> Stages:
        found, confidences = videos.detections(truth, rows)
        data = found.text(confidences, with_tracks=False)
        return measured(video_detection, case, data, known, rows, ROUNDS, reports=1)

    whole, half, tiny = of(BOXES), of(BOXES // 2), of(TINY)
    beside = detection.stages(true_boxes()[0], OF_DETECTION, ROUNDS)
    named = {"video detection": whole, "half of it": half, "hardly any": tiny, "detection": beside}
    title = f"{videos.FRAMES:,} frames with {len(truth.frames):,} objects, median of {ROUNDS} rounds, reports once:"
    rate = whole.nanoseconds_a_row()
    text = "\n".join(
        [
            *(title, "", *lines(named), ""),
            within("time a row, in that of detection", rate / beside.nanoseconds_a_row(), 2),
            within("time a row, in that of half the file", rate / half.nanoseconds_a_row(), 1.3),
            within(
                "seconds for the interval of the tiny file",
                median(each.processor for each in tiny.reports),
                TINY_GOAL_SECONDS,
            ),
        ]
    )
    print(text)
    rewrite("video-detection", text)


if __name__ == "__main__":
    main()
