"""A trial of every task: a tiny split with its truth, a file with the score that the official code gives it, a broken file.

From the official cases that are kept in tests/data/golden; where there is none, small enough to be reckoned by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.scorer.formats.mask_examples import png, zipped
from tests.reference import classification as by_label

GOLDEN = Path(__file__).parent / "data" / "golden"

Parts = Mapping[str, bytes]
Objects = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """`truth`: the parts of a truth, by name. `metrics`: what `predictions` must score, `broken` fails in `line`.

    `settings`: further lines of the task in the definition.
    """

    kind: str
    headline: str
    images: int
    categories: int
    truth: Parts
    predictions: bytes
    metrics: Mapping[str, float]
    broken: bytes
    code: str
    line: int | None
    name: str = ""
    settings: str = ""
    image_names: str = ""

    @property
    def task(self) -> str:
        """The task's name in the definition."""
        return self.name or self.kind


def _given(folder: Path) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """What a golden case gives, what the official code printed, and the predictions."""
    given, expected = (json.loads((folder / name).read_text()) for name in ("gt.json", "expected.json"))
    return given, expected, (folder / "pred.txt").read_bytes()


def _rows(given: dict[str, Any], between: str = "") -> bytes:
    """The objects as detections: `between` stands after the category."""
    rows = (
        f"{image} {each['class']} {between}1 {' '.join(map(str, each['bbox']))}\n"
        for image, there in enumerate(given["gt"], start=1)
        for each in there
    )
    return "".join(rows).encode()


def _with_line(predictions: bytes, line: bytes) -> tuple[bytes, int]:
    """Predictions and a broken line at their end; its number."""
    lines = [*predictions.splitlines(), line]
    return b"\n".join(lines) + b"\n", len(lines)


def _detection() -> Trial:
    given, expected, predictions = _given(GOLDEN / "det" / "016")
    excluded = "".join(f"{image} {category}\n" for image, category in given["blacklist"]).encode()
    broken, line = _with_line(predictions, b"%d 1 0.5 1 1 9 9" % (given["n_images"] + 1))
    metrics = {"mean_average_precision": expected["mean_ap"][0], "median_average_precision": expected["median_ap"][0]}
    return Trial(
        kind="detection",
        headline="mean_average_precision",
        images=given["n_images"],
        categories=given["n_classes"],
        truth={"truth": _rows(given), "excluded": excluded},
        predictions=predictions,
        metrics=metrics,
        broken=broken,
        code="unknown-image",
        line=line,
    )


def _video_detection() -> Trial:
    """With a last frame that is excluded: what is found in it counts for nothing."""
    given, expected, predictions = _given(GOLDEN / "vid" / "016")
    last = given["n_images"] + 1
    broken, line = _with_line(predictions, b"1 1 7 0.5 1 1 9 9")
    return Trial(
        kind="video-detection",
        headline="mean_average_precision",
        images=last,
        categories=given["n_classes"],
        truth={"truth": _rows(given, "-1 "), "excluded": b"%d\n" % last},
        predictions=_with_line(predictions, b"%d 1 -1 99 1 1 9 9" % last)[0],
        metrics={"mean_average_precision": expected["mean_ap"][0]},
        broken=broken,
        code="unexpected-track",
        line=line,
        settings="options = { track_column = true }",
    )


def _video_tracking() -> Trial:
    given, expected, predictions = _given(GOLDEN / "track" / "100")
    rows = (
        f"{frame} {track['class']} {number} 1 {' '.join(map(str, box))}\n"
        for video in given["videos"]
        for number, track in enumerate(video["tracks"])
        for frame, box in zip(track["frames"], track["bboxes"], strict=True)
    )
    videos = "".join(f"{video['name']} {video['frames'][0]} {video['frames'][1]}\n" for video in given["videos"])
    broken, line = _with_line(predictions, b"1 1 -1 0.5 1 1 9 9")
    return Trial(
        kind="video-tracking",
        headline="mean_average_precision",
        images=max(video["frames"][1] for video in given["videos"]),
        categories=given["n_classes"],
        truth={"truth": "".join(rows).encode(), "videos": videos.encode()},
        predictions=predictions,
        metrics={"mean_average_precision": expected["mean_ap"][0]},
        broken=broken,
        code="no-track",
        line=line,
    )


def _localization() -> Trial:
    folder = GOLDEN / "clsloc" / "100"
    given, expected, predictions = _given(folder)
    boxes = [" ".join(f"{each['class']} {' '.join(map(str, each['bbox']))}" for each in row) for row in given["boxes"]]
    first, rest = predictions.split(b"\n", 1)
    errors = {f"top_{k}_error": expected["cls_error"][k - 1] for k in range(1, 6)}
    located = {f"top_{k}_localization_error": expected["clsloc_error"][k - 1] for k in range(1, 6)}
    return Trial(
        kind="localization",
        headline="localization_error",
        images=given["n_images"],
        categories=max(each["class"] for row in given["boxes"] for each in row),
        truth={
            "truth": "\n".join(boxes).encode() + b"\n",
            "excluded": "".join(f"{number}\n" for number in given["blacklist"]).encode(),
            "labels": (folder / "gt_labels.txt").read_bytes(),
        },
        predictions=predictions,
        metrics=errors | located,
        broken=first.rsplit(b" ", 1)[0] + b"\n" + rest,
        code="incomplete-box",
        line=1,
    )


def _scene_classification() -> Trial:
    """Three images: the first is right at once, the second at its second guess, the third never."""
    return Trial(
        kind="scene-classification",
        headline="top_5_error",
        images=3,
        categories=6,
        truth={"truth": b"val/01.jpg 0\nval/02.jpg 1\nval/03.jpg 2\n"},
        predictions=b"val/03.jpg 5 4 3 1 0\nval/01.jpg 0 1 2 3 4\nval/02.jpg 0 1 2 3 4\n",
        metrics={"top_1_error": 2 / 3, **{f"top_{k}_error": 1 / 3 for k in range(2, 6)}},
        broken=b"val/01.jpg 0\nval/02.jpg dog\nval/03.jpg 2\n",
        code="not-a-number",
        line=2,
        image_names="val/{:02d}",
    )


def _scene_parsing() -> Trial:
    """Four labelled pixels, three of them right; IoU 2/3, 1/2, and 0 for the category that is nowhere."""
    names = ("scene_0001.png", "scene_0002.png")
    truth = (np.array([[1, 1], [0, 2]], np.uint8), np.array([[1]], np.uint8))
    guess = (np.array([[1, 2], [3, 2]], np.uint8), np.array([[1]], np.uint8))

    def packed(masks: tuple[Any, ...]) -> bytes:
        return zipped(*((name, png(mask)) for name, mask in zip(names, masks, strict=True)))

    mean_iou = (2 / 3 + 1 / 2 + 0) / 3
    return Trial(
        kind="scene-parsing",
        headline="scene_parsing_score",
        images=2,
        categories=3,
        truth={"truth": packed(truth)},
        predictions=packed(guess),
        metrics={"pixel_accuracy": 3 / 4, "mean_iou": mean_iou, "scene_parsing_score": (3 / 4 + mean_iou) / 2},
        broken=zipped((names[0], png(truth[0], "RGB")), (names[1], png(truth[1]))),
        code="mask-colour",
        line=None,
        image_names="scene_{:04d}",
    )


def _any_label() -> Trial:
    """Official lines of several labels each, judged as ReaL is: a label of them at the first guess; none is skipped."""
    folder = GOLDEN / "flat" / "100"
    truth, predictions = ((folder / name).read_bytes() for name in ("gt.txt", "pred.txt"))
    skipped, images = truth + b"0\n", len(truth.splitlines()) + 1
    guessed = predictions.rstrip(b"\n") + b"\n1\n"
    labels = [[label for label in line if label] for line in by_label.read(skipped)]
    guesses = by_label.read(guessed)
    metrics = {f"top_{k}_error": float(by_label.error_by_any_label(guesses, labels, k)) for k in range(1, 6)}
    return Trial(
        kind="classification",
        name="any-label",
        headline="top_1_error",
        images=images,
        categories=max(map(max, filter(None, labels))),
        truth={"truth": skipped},
        predictions=guessed,
        metrics=metrics,
        broken=b"cat\n" + guessed.split(b"\n", 1)[1],
        code="not-a-number",
        line=1,
        settings="options = { any_label = true }",
    )


TRIALS = (
    _detection(),
    _video_detection(),
    _video_tracking(),
    _localization(),
    _scene_classification(),
    _scene_parsing(),
    _any_label(),
)

_TASK = """
[tasks.{trial.task}]
kind = "{trial.kind}"
title = "{trial.task}"
headline = "{trial.headline}"
categories = {trial.categories}
max_bytes = 1_000_000
protocol = {{ confidence = "proven", source = "a test" }}
{trial.settings}

[tasks.{trial.task}.splits.test]
title = "Test"
images = {trial.images}
held_out = true
image_names = "{trial.image_names}"
limits = {{ pool = "{name}", places = 100, window_seconds = 604_800, forgiven_per_day = 100 }}
"""


def written(folder: Path, name: str) -> list[str]:
    """Write a challenge of all trials into `folder`; returns what `publish` is told of their truths."""
    head = f'name = "{name}"\nversion = 1\ntitle = "{name}"\nyear = 2017\ndescription = "For a test."\n'
    tasks = "".join(_TASK.format(trial=trial, name=name) for trial in TRIALS)
    (folder / "challenge.toml").write_text(head + tasks)
    return [_truth(folder, trial) for trial in TRIALS]


def _truth(folder: Path, trial: Trial) -> str:
    """Write the parts of a truth; says where they are, as `--ground-truth` does."""
    places = {}
    for part, content in trial.truth.items():
        places[part] = folder / f"{trial.task}.{part}"
        places[part].write_bytes(content)
    rest = "".join(f",{part}={path}" for part, path in places.items() if part != "truth")
    return f"{trial.task}/test={places['truth']}{rest}"
