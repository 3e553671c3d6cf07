"""Boxes as tests write them: official cases and drawn ones, as files of each task."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from shared.bundles import pack
from tests.reference.detection import Pair, Thing


def text(things: Sequence[Thing], track: str = "") -> bytes:
    """The devkit's lines; `track` is what stands in the third column."""
    rows = (
        f"{thing.image} {thing.category} {track} {thing.confidence!r} {' '.join(map(repr, thing.box))}"
        for thing in things
    )
    return "\n".join(rows).encode()


def official(folder: Path, track: str = "") -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    """The truth as a file, what `gt.json` says, and what the official code printed."""
    given = json.loads((folder / "gt.json").read_text())
    objects = [
        Thing(image, each["class"], tuple(each["bbox"]))
        for image, there in enumerate(given["gt"], start=1)
        for each in there
    ]
    parts = {"truth": text(objects, track)}
    if given.get("blacklist"):
        parts["excluded"] = pairs([tuple(pair) for pair in given["blacklist"]])
    return pack(parts), given, json.loads((folder / "expected.json").read_text())


def pairs(excluded: Sequence[Pair]) -> bytes:
    """The part `excluded`."""
    return b"".join(b"%d %d\n" % pair for pair in excluded)


# A coarse grid: boxes of one pixel, equal ones, overlaps of exactly a half, corners outside.
EDGES = st.tuples(st.integers(-3, 12), st.sampled_from([0, 1, 3, 4, 9, 19, 39]))


@st.composite
def things(draw: st.DrawFn, images: int, categories: int, least: int = 0, most: int = 12) -> list[Thing]:
    """Objects or detections, with confidences that often tie."""
    found = []
    for _ in range(draw(st.integers(least, most))):
        (xmin, width), (ymin, height) = draw(EDGES), draw(EDGES)
        box = (xmin, ymin, xmin + width, ymin + height)
        confidence = draw(st.sampled_from([0.0, -0.0, 0.25, 0.5, 0.5, 0.75, float("inf"), -1.0]))
        image, category = draw(st.integers(1, images)), draw(st.integers(1, categories))
        found.append(Thing(image, category, box, confidence))
    return found
