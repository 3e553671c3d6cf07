"""Reads boxes of tracks in frames of videos, predicted or true: text, or a JSON list of rows, of eight numbers each.

After the tokenizer, before the arithmetic of `metrics.tracklets`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable
from services.scorer.formats.boxes import MOST_IMAGES, Rows, box_grammar
from services.scorer.formats.faults import FaultList
from services.scorer.formats.json_boxes import read_json_table
from services.scorer.formats.recognise import format_of
from services.scorer.formats.table import Decimals, Grammar, read_table
from services.scorer.formats.table_kernel import DECIMAL
from services.scorer.formats.videos import Videos
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

_ROW = box_grammar("frame", with_track=True)

GRAMMAR = Grammar({**_ROW.columns, "confidence": DECIMAL}, _ROW.speech)
"""A tracklet's score is the mean of its confidences, and infinite ones have none."""

FRAME, CATEGORY, TRACK, CONFIDENCE, XMIN = range(5)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrackBoxes:
    """Boxes in the order of the file: frames, categories, tracks, (n,) int64; confidences (n,); corners (4, n).

    `rows` is the file, for faults that are found later. beyond: (n,) which are in frames beyond the list, and count for
    nothing.
    """

    rows: Rows
    frames: NDArray[np.int64]
    categories: NDArray[np.int64]
    tracks: NDArray[np.int64]
    confidences: Decimals
    corners: Decimals
    beyond: Mask

    def inverted(self) -> Mask:
        """Which boxes end before they start."""
        xmin, ymin, xmax, ymax = self.corners
        inverted: Mask = (xmax < xmin) | (ymax < ymin)
        return inverted


@dataclass(frozen=True, slots=True)
class _NoRows:
    """The rows of a file without any."""

    values: Decimals

    def faults(self, *_: object) -> Iterator[Fault]:
        return iter(())


def read_tracks(data: Readable, frames: int | None, as_truth: bool = False) -> TrackBoxes:
    """Read `data`. Raises `Unreadable` with every fault counted: spelling first, then the frame 0, category 0, and the
    track −1, which says that there is none; in a truth also for frames beyond `frames`, and for no rows.
    """
    rows = _read_rows(data, as_truth)
    frame, category, track = rows.values[[FRAME, CATEGORY, TRACK]].astype(np.int64)
    greatest = MOST_IMAGES if frames is None else frames
    beyond = frame > greatest
    boxes = TrackBoxes(rows, frame, category, track, rows.values[CONFIDENCE], rows.values[XMIN:], beyond)
    faults = FaultList()
    outside = (frame < 1) | (beyond & as_truth)
    sentence = f"Frame {{0}} is not in the list, which has 1 to {greatest:,}."
    tell(faults, rows, outside, FRAME, ("unknown-frame", sentence, "Write the frame's index in the list."))
    tell(faults, rows, boxes.categories < 1, CATEGORY, _NO_CATEGORY)
    tell(faults, rows, boxes.tracks == -1, TRACK, _NO_TRACK)
    faults.refuse()
    return boxes


def _read_rows(data: Readable, as_truth: bool) -> Rows:
    """The rows; a submission may have none, as officially."""
    try:
        is_json = not as_truth and format_of(data) == "json"
        return read_json_table(data, GRAMMAR, coco=False) if is_json else read_table(data, GRAMMAR)
    except Unreadable as refusal:
        if as_truth or refusal.code != "empty-file":
            raise
        return _NoRows(np.empty((len(GRAMMAR.columns), 0)))


_NO_CATEGORY = "unknown-category", "Category 0 does not exist: ids start at 1.", "Number categories as the list does."
_NO_TRACK = (
    "no-track",
    "The track is {0}, which means none.",
    "Give each track of a video a number of its own, from 0 or 1.",
)
_NO_VIDEO = "unknown-frame", "Frame {0} belongs to no video.", "Write the frame's index in the list."
_OTHER_CATEGORY = (
    "mixed-track",
    "Category {0} is another than the track has elsewhere in this video.",
    "Give each object a track of its own, and one category to all boxes of a track.",
)


def place_in_videos(boxes: TrackBoxes, videos: Videos) -> NDArray[np.int64]:
    """The video of each box, −1 beyond the list. Raises `Unreadable` for other frames of none, and for tracks of two
    categories in a video.
    """
    video = videos.of(boxes.frames)
    faults = FaultList()
    tell(faults, boxes.rows, (video < 0) & ~boxes.beyond, FRAME, _NO_VIDEO)
    tell(faults, boxes.rows, _mixed(video, boxes), CATEGORY, _OTHER_CATEGORY)
    faults.refuse()
    return video


def _mixed(video: NDArray[np.int64], boxes: TrackBoxes) -> Mask:
    """Which boxes have another category than the first box, in the file, of their track."""
    order = np.lexsort((boxes.tracks, video))
    order = order[~boxes.beyond[order]]
    starts = track_starts(video[order], boxes.tracks[order])
    first = np.repeat(boxes.categories[order][starts[:-1]], np.diff(starts))
    mixed = np.zeros(len(video), np.bool_)
    mixed[order] = boxes.categories[order] != first
    return mixed


def track_starts(video: NDArray[np.int64], tracks: NDArray[np.int64]) -> NDArray[np.int64]:
    """(tracks + 1,) where each track of each video starts in rows sorted by them, and the last one ends."""
    changes = (np.diff(video) != 0) | (np.diff(tracks) != 0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1, [len(video)] * bool(len(video))]).astype(np.int64)


def tell(faults: FaultList, rows: Rows, wrong: Mask, column: int, words: tuple[str, str, str]) -> None:
    """Add a fault in `words` for each row that is `wrong`."""
    found = np.flatnonzero(wrong)
    if len(found):
        code, sentence, remedy = words
        faults.add(rows.faults(code, found[:SHOWN_FAULTS].tolist(), column, sentence, remedy), len(found))
