"""What an organiser brings for each split, read by what it is: a table, COCO's annotations, masks, or a truth as it is.

First step of `challenge new`; `drafting` writes the folder of what comes out.
"""

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.gateway.hosting import grammars, scorer
from services.gateway.hosting.annotations import Annotations, in_order, joined_categories
from services.gateway.hosting.coco_truth import looks_like_coco, read_coco
from services.gateway.hosting.csv_truth import looks_like_csv, read_csv
from services.gateway.hosting.scorer import Kind, Truth
from shared.bundles import TRUTH
from shared.challenge import PlacedFault
from shared.errors import Fault

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought for one split: the files by part."""

    split: str
    parts: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Material:
    """One split, ready to be written: files by name, the number of images, their names in order where they are known."""

    split: str
    files: Mapping[str, bytes]
    images: int
    names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """All splits, and the categories: how many, and their names where they are known."""

    splits: tuple[Material, ...]
    categories: int
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What was read of all splits."""

    kind: Kind
    given: Sequence[str]
    columns: Sequence[str]
    annotations: dict[str, Annotations] = field(default_factory=dict)
    plain: list[Material] = field(default_factory=list)
    most: int = 0
    faults: list[PlacedFault] = field(default_factory=list)


def gather(
    kind: Kind, brought: Sequence[Brought], given: Sequence[str] = (), columns: Sequence[str] = ()
) -> tuple[Stock | None, list[PlacedFault]]:
    """Read everything; or None, and all that is wrong with it. `given` are the categories' names, in order."""
    reading = _Reading(kind, given, columns)
    for each in brought:
        _read(reading, each)
    if reading.faults:
        return None, reading.faults
    names = tuple(given) or joined_categories(tuple(reading.annotations.values()))
    if not given and not any(annotations.numbered for annotations in reading.annotations.values()):
        names = in_order(names)
    written = {split: _written(kind.name, split, each, names) for split, each in reading.annotations.items()}
    plain = {material.split: material for material in reading.plain}
    splits = tuple((written | plain)[each.split] for each in brought)
    return Stock(splits, len(names) or reading.most, names), []


def _read(reading: _Reading, brought: Brought) -> None:
    path = brought.parts[TRUTH]
    if not path.exists():
        fault = Fault("truth-missing", "There is no such file.", "Mend --truth.")
        reading.faults.append(PlacedFault(path, fault))
        return
    head = "" if path.is_dir() else _head(path)
    convertible = reading.kind.name in grammars.WRITERS
    with_boxes = reading.kind.name in grammars.WITH_BOXES
    if convertible and with_boxes and looks_like_coco(head):
        _take(reading, brought.split, *read_coco(path))
    elif convertible and looks_like_csv(head):
        _take(reading, brought.split, *read_csv(path, with_boxes, reading.given, reading.columns))
    else:
        _take_as_it_is(reading, brought)


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES).decode("utf-8", "replace")


def _take(reading: _Reading, split: str, found: Annotations | None, faults: list[PlacedFault]) -> None:
    reading.faults += faults
    if found is not None:
        reading.annotations[split] = found


def _written(kind: str, split: str, annotations: Annotations, names: Sequence[str]) -> Material:
    files = {f"{part}.txt": text.encode() for part, text in grammars.write(kind, annotations, names).items()}
    return Material(split, files, len(annotations.images), annotations.images, annotations.remarks)


def _take_as_it_is(reading: _Reading, brought: Brought) -> None:
    """A truth in the task's own grammar: the scorer says what it holds. A folder is one of masks, and packed."""
    path = brought.parts[TRUTH]
    with tempfile.TemporaryDirectory() as temporary:
        readable = path
        if path.is_dir():
            readable = Path(temporary) / "truth.zip"
            readable.write_bytes(zipped(path))
        parts = {part: file for part, file in brought.parts.items() if part != TRUTH}
        truth = Truth("", brought.split, readable, parts)
        seen = scorer.dry_run(reading.kind.name, truth)
        faults = seen["faults"] or ([seen["failure"]] if seen["failure"] else [])
        reading.faults += [PlacedFault(path, Fault(**fault)) for fault in faults]
        if not faults:
            files = {_file_name(part, file): file.read_bytes() for part, file in {TRUTH: readable, **parts}.items()}
            images, most = _counted(reading.kind.name, truth, seen["counts"], files)
            reading.most = max(reading.most, most)
            remark = f"{path} is taken as it is: {images:,} images"
            reading.plain.append(Material(brought.split, files, images, (), (remark,)))


def _file_name(part: str, path: Path) -> str:
    return f"{part}{'.zip' if path.suffix == '.zip' else '.txt'}"


def _counted(kind: str, truth: Truth, counts: Mapping[str, int], files: Mapping[str, bytes]) -> tuple[int, int]:
    """The number of images, and the greatest category. What only a list tells is the greatest index."""
    images = counts.get("images", counts.get("frames", 1))
    if kind == "scene-parsing":
        lines = scorer.scored(kind, truth)["categories"]
        return images, max((line["id"] for line in lines if line["counts"]["pixels"]), default=1)
    rows = [line.replace(",", " ").split() for line in files["truth.txt"].decode("utf-8", "replace").splitlines()]
    if kind in ("detection", "video-detection", "video-tracking"):
        return max(int(row[0]) for row in rows if row), max(int(row[1]) for row in rows if row)
    if kind == "classification":
        return images, max(int(word) for row in rows for word in row)
    if kind == "scene-classification":
        return images, max(int(row[-1]) for row in rows if row) + 1
    if kind == "localization":
        return images, max(int(word) for row in rows for word in row[::5])
    return counts.get("images", len(rows)), 1


def zipped(folder: Path) -> bytes:
    """A folder of masks as an archive of its PNG files, by their base names; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.writestr(zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return packed.getvalue()
