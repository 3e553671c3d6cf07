"""Video tracking, 2,000 tracklets × 300 frames, and half as many; and detection's rate beside it."""

import numpy as np

from benchmarks import detection
from benchmarks.detections import true_boxes
from benchmarks.page import rewrite
from benchmarks.stages import Stages, lines, measured, within
from benchmarks.video_detection import OF_DETECTION
from benchmarks.videos import CATEGORIES, NEAR, Tracked
from services.scorer.protocol import Case
from services.scorer.tasks import video_tracking
from shared.bundles import TRUTH, pack

TRACKLETS, LENGTH, IN_A_VIDEO, ROUNDS = 2_000, 300, 4, 5
VIDEOS = TRACKLETS // IN_A_VIDEO


def main() -> None:
    """Measure, print the table, rewrite the section."""
    truth = tracks()
    case = Case(images=VIDEOS * LENGTH, categories=CATEGORIES)
    videos = b"".join(b"v%d %d %d\n" % (n, n * LENGTH + 1, (n + 1) * LENGTH) for n in range(VIDEOS))
    parts = {TRUTH: truth.text(np.ones(len(truth.frames))), video_tracking.VIDEOS: videos}
    known = video_tracking.read_truth(case, pack(parts))

    def of(rows: int) -> Stages:
        return measured(video_tracking, case, followed(truth, rows), known, rows, ROUNDS)

    rows = TRACKLETS * LENGTH
    whole, half, beside = of(rows), of(rows // 2), detection.stages(true_boxes()[0], OF_DETECTION, ROUNDS)
    text = "\n".join(
        [
            *(f"{TRACKLETS:,} tracklets × {LENGTH} frames in {VIDEOS} videos, median of {ROUNDS} rounds:", ""),
            *(*lines({"tracking": whole, "half of it": half, "detection": beside}), ""),
            within("time a row, in that of detection", whole.nanoseconds_a_row() / beside.nanoseconds_a_row(), 2),
            within("time a row, in that of half the file", whole.nanoseconds_a_row() / half.nanoseconds_a_row(), 1.3),
        ]
    )
    print(text)
    rewrite("video-tracking", text)


def tracks() -> Tracked:
    """Four objects of a category in each video, one after another in the file."""
    random = np.random.default_rng(2017)
    track = np.repeat(np.arange(TRACKLETS), LENGTH)
    frames = track // IN_A_VIDEO * LENGTH + np.tile(np.arange(1, LENGTH + 1), TRACKLETS)
    categories = random.integers(1, CATEGORIES + 1, VIDEOS)[track // IN_A_VIDEO]
    first = random.uniform(0, 900, (TRACKLETS, 2))[track] + 50 * np.sin(frames / 40)[:, None]
    corners = np.hstack([first, first + random.uniform(80, 200, (TRACKLETS, 2))[track]])
    return Tracked(frames, categories, track % IN_A_VIDEO, corners.round(2))


def followed(truth: Tracked, rows: int) -> bytes:
    """The first rows of a file that follows each true track, for most of its frames nearly."""
    random = np.random.default_rng(2018)
    off = np.where(random.random((rows, 1)) < NEAR, random.normal(0, 8, (rows, 4)), random.normal(0, 90, (rows, 4)))
    corners = truth.corners[:rows] + off
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    found = Tracked(truth.frames[:rows], truth.categories[:rows], truth.tracks[:rows], corners)
    return found.text(random.random(rows).round(6))


if __name__ == "__main__":
    main()
