"""Video tracking: where in each frame of a video is each object, the same one under the same number?

What is accepted and refused, and why: docs/tasks/video-tracking.md. The rule is eval_vid_tracking.m of the ILSVRC2016
and 2017 development kits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.diagnosis.boxes import rules, suspicions_of_boxes
from services.scorer.diagnosis.causes import explaining
from services.scorer.diagnosis.notes import note
from services.scorer.formats.blocks import Readable
from services.scorer.formats.box_examples import box_challenge
from services.scorer.formats.bundle import open_bundle
from services.scorer.formats.excluded import NO_PAIRS, Pairs, read_pairs
from services.scorer.formats.tracks import GRAMMAR, TrackBoxes, place_in_videos, read_tracks
from services.scorer.formats.videos import Videos, read_videos
from services.scorer.metrics.tracking import Tracked, intervals, mean, measure, over_shares
from services.scorer.metrics.tracklets import SHARES, Tracklets, tracklets
from services.scorer.protocol import Case, Content, Example, Findings
from shared.bundles import TRUTH, pack
from shared.errors import SHOWN_FAULTS, Fault, Unreadable
from shared.report import CategoryLine, Note

NAME = "video-tracking"

VIDEOS, EXCLUDED = "videos", "excluded"
"""The parts of a truth besides its boxes; the first must be there."""

_NAMES = [f"average_precision_at_{100 * share:.0f}" for share in SHARES]

EXAMPLE = Example(
    box_challenge(NAME, "eval_vid_tracking.m"),
    predictions=b"1 1 1 0.5 10 10 20 20\n2 1 1 1e-1 10 10 20 20\n3 2 1 1 5 5 1 9\n3 7 2 1 5 5 6 9\n",
    truth=pack(
        {
            TRUTH: b"1 1 1 1 10 10 20 20\n2 1 1 1 10 10 20 20\n3 2 1 1 0 0 5 5\n",
            VIDEOS: b"b 1 2\na 3 3\n",
            EXCLUDED: b"2 1\n",
        }
    ),
    broken=(
        b"1\x001",
        b"1 1 -1 0.5 10 10 20 20\n9 0 1 inf 0 0 9 9\n",
        b"9 0 -1 1 0 0 9 9\n",
        b"1 1 1 0.5 10 10 20 20\n2 2 1 0.5 10 10 20 20\n",
        b"1 1 1\n\nx 1.5 nan 1e999 \xe9 \xd9\xa1 n02119789,,\r4",
    ),
    others=(
        ("ilsvrc", b""),
        ("ilsvrc", b'{"predictions": [[1, 1, 1, 0.5, 10, 10, 20, 20]]}'),
        ("ilsvrc", b"[[9, 0, -1, 0.5, 10, 10, 20, 20], 7]"),
    ),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """The true tracks, the videos, and the frames in which a category is not judged."""

    tracks: Tracklets
    videos: Videos
    excluded: Pairs


@dataclass(frozen=True, slots=True)
class Parsed:
    """The boxes and the video of each; None where the videos are not known."""

    case: Case
    boxes: TrackBoxes
    video: NDArray[np.int64] | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What was found, and the names of the categories."""

    tracked: Tracked
    names: dict[int, str]
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Truth:
    """The true tracks in the grammar of submissions; which frames are a video's; what is excluded."""
    parts = open_bundle(truth, (VIDEOS, EXCLUDED))
    if VIDEOS not in parts:
        sentence = "The truth has no part that says which frames belong to which video."
        raise Unreadable("no-videos", sentence, "Add videos=FILE, lines of name, first and last frame.")
    videos = read_videos(parts[VIDEOS], case.images)
    frames = case.images or int(videos.last.max())
    boxes = read_tracks(parts[TRUTH], frames, as_truth=True)
    video = place_in_videos(boxes, videos)
    tracks = _gathered(boxes, video, NO_PAIRS)
    _refuse(boxes.inverted(), "inverted-box", "The box ends before it starts.", "Mend its corners.")
    _refuse(_again(boxes, video), "duplicate-box", "The track has two boxes in this frame.", "Leave one out.")
    if case.categories:
        above = boxes.categories > case.categories
        sentence = f"The category is not in the list, which has 1 to {case.categories:,}."
        _refuse(above, "unknown-category", sentence, "Number categories as the list does.")
    excluded = read_pairs(parts[EXCLUDED], frames, case.synsets) if EXCLUDED in parts else NO_PAIRS
    return Truth(tracks, videos, excluded)


def _again(boxes: TrackBoxes, video: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which boxes stand in the frame of another of their track, before them in the file."""
    _, first = np.unique(np.stack([video, boxes.tracks, boxes.frames]), axis=1, return_index=True)
    again = np.ones(len(video), np.bool_)
    again[first] = False
    return again


def _refuse(wrong: NDArray[np.bool_], code: str, sentence: str, remedy: str) -> None:
    """Raise `Unreadable` if there are lines of the truth that are `wrong`."""
    lines = np.flatnonzero(wrong) + 1
    if len(lines):
        faults = tuple(Fault(code, sentence, remedy, int(line), 1) for line in lines[:SHOWN_FAULTS])
        raise Unreadable(code, f"Line {lines[0]:,}: {sentence}", remedy, faults, len(lines))


def parse(case: Case, predictions: Readable, truth: Truth | None) -> Parsed:
    """Read the boxes: the devkit's text, or a JSON list of rows."""
    frames = int(truth.videos.last.max()) if truth and case.images is None else case.images
    with explaining(case, predictions, None, rules(list(GRAMMAR.columns))):
        boxes = read_tracks(predictions, frames)
    video = place_in_videos(boxes, truth.videos) if truth else None
    categories = case.categories or (int(truth.tracks.category.max()) if truth else None)
    return Parsed(case, boxes, video, _notes(boxes, categories))


def _notes(boxes: TrackBoxes, categories: int | None) -> tuple[Note, ...]:
    """What was accepted as the development kit accepts it, but may not be what its author meant."""
    above = boxes.categories > categories if categories else np.zeros(len(boxes.frames), np.bool_)
    found = (
        note("inverted-boxes", boxes.inverted(), "Boxes with xmax < xmin or ymax < ymin hit nothing: give corners."),
        note("unknown-categories", above, f"Rows of categories above {categories} were left out."),
        note("frames-beyond-list", boxes.beyond, "Rows on frames beyond the list were left out."),
    )
    empty = (
        [] if len(boxes.frames) else [Note(code="no-tracks", sentence="The file has no rows: it scores 0.", count=1)]
    )
    return (*filter(None, found), *empty, *suspicions_of_boxes(boxes.confidences, boxes.corners))


def describe(parsed: Parsed) -> Content:
    """How many boxes, in how many frames."""
    counts = {"boxes": len(parsed.boxes.frames), "frames": len(np.unique(parsed.boxes.frames))}
    return Content(counts, parsed.notes)


def _gathered(boxes: TrackBoxes, video: NDArray[np.int64], excluded: Pairs) -> Tracklets:
    in_list = np.flatnonzero(video >= 0)
    span = np.int64(2**32)
    pairs = excluded[:, 0] * span + excluded[:, 1]
    able = ~np.isin(boxes.frames * span + boxes.categories, pairs)
    return tracklets(
        video[in_list],
        boxes.categories[in_list],
        boxes.tracks[in_list],
        boxes.frames[in_list],
        boxes.confidences[in_list],
        boxes.corners[:, in_list],
        able[in_list],
    )


def score(parsed: Parsed, truth: Truth) -> Scored:
    """Gather tracklets, match and measure."""
    video = place_in_videos(parsed.boxes, truth.videos) if parsed.video is None else parsed.video
    found = _gathered(parsed.boxes, video, truth.excluded)
    names = {synset.id: synset.name for synset in parsed.case.synsets}
    return Scored(measure(found, truth.tracks, len(truth.videos.names)), names, parsed.notes)


def report(scored: Scored) -> Findings:
    """Means over the categories that have a value, each category's figures, the intervals."""
    tracked = scored.tracked
    columns = dict(zip(("average_precision", *_NAMES), (over_shares(tracked.values), *tracked.values), strict=True))
    absent = sum(value is None for value in columns["average_precision"])
    notes = (*scored.notes, *([Note(code="absent-categories", sentence=_ABSENT, count=absent)] if absent else []))
    return Findings(
        metrics={f"mean_{name}": mean(values) for name, values in columns.items()},
        intervals={f"mean_{name}": ends for name, ends in zip(columns, intervals(tracked), strict=True)},
        notes=notes,
        categories=tuple(
            CategoryLine(
                id=index + 1,
                name=scored.names.get(index + 1, str(index + 1)),
                metrics={name: values[index] for name, values in columns.items()},
                counts={"positives": int(positives), "tracklets": int(tracked.tracklets[index])},
            )
            for index, positives in enumerate(tracked.positives)
        ),
    )


_ABSENT = "Categories without a track to find have no average precision; the means are of the others."
