"""A truth put out of order, as a submission that knows nothing of the images, and what chance gives it. For `trial`.

What is put out of order depends on the grammar of the task; the seed is fixed, so that a trial can be repeated.
"""

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.scorer.formats.blocks import Readable, content

SEED = 2012

Shuffle = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Chance:
    """What a truth out of order has by its own frequencies: the mean of `metric`, and its standard deviation."""

    metric: str
    expected: float
    deviation: float


def shuffled(kind: str, truth: Readable) -> bytes:
    """The truth of a task of `kind` out of order; a task of the operator's own has its lines moved."""
    return _SHUFFLES.get(kind, _lines)(bytes(memoryview(truth).cast("B")), random.Random(SEED))  # noqa: S311


def chance_of(kind: str, truth: Readable) -> Chance | None:
    """What chance gives, where a formula says it: one label an image, or masks."""
    reckon = _CHANCES.get(kind)
    return reckon(truth) if reckon else None


def _lines(truth: bytes, draw: random.Random) -> bytes:
    """Whole lines among the images."""
    lines = _rows(truth)
    draw.shuffle(lines)
    return _joined(lines)


def _behind_names(truth: bytes, draw: random.Random) -> bytes:
    """What stands behind the images' names."""
    pairs = [line.replace(b",", b" ").split(None, 1) for line in _rows(truth)]
    labels = [pair[1] for pair in pairs]
    draw.shuffle(labels)
    return _joined([b" ".join((pair[0], label)) for pair, label in zip(pairs, labels, strict=True)])


def _indices(truth: bytes, draw: random.Random) -> bytes:
    """The images in which boxes are."""
    rows = [line.replace(b",", b" ").split(None, 1) for line in _rows(truth)]
    images = [row[0] for row in rows]
    draw.shuffle(images)
    return _joined([b" ".join((image, row[1])) for image, row in zip(images, rows, strict=True)])


def _categories(truth: bytes, _: random.Random) -> bytes:
    """The categories, each the next one's: a track keeps to one. Where there is but one, that which follows it."""
    rows = [line.replace(b",", b" ").split() for line in _rows(truth)]
    known = sorted({int(row[1]) for row in rows})
    following = dict(zip(known, known[1:] + known[:1], strict=True)) if len(known) > 1 else {known[0]: known[0] + 1}
    return _joined([b" ".join((row[0], b"%d" % following[int(row[1])], *row[2:])) for row in rows])


def _pixels(truth: bytes, draw: random.Random) -> bytes:
    """The pixels of each mask."""
    arrange = np.random.default_rng(draw.getrandbits(64))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, labels in _masks(truth).items():
            file = io.BytesIO()
            Image.fromarray(arrange.permutation(labels.ravel()).reshape(labels.shape)).save(file, "png")
            archive.writestr(zipfile.ZipInfo(name), file.getvalue())
    return packed.getvalue()


def _of_labels(truth: Readable) -> Chance | None:
    """Lines that end with one label each. Hits of a permutation: mean and variance of Hoeffding's statistic, exact."""
    words = [line.replace(b",", b" ").split() for line in _rows(bytes(memoryview(truth).cast("B")))]
    if len(words) < 2 or len({len(each) for each in words}) != 1 or len(words[0]) > 2:
        return None
    counts = np.unique([each[-1] for each in words], return_counts=True)[1].astype(np.float64)
    images = counts.sum()
    shares = counts / images
    expected = float((counts * shares).sum())
    centred = np.eye(len(counts)) - shares[:, None] - shares[None, :] + (shares**2).sum()
    variance = float((np.outer(counts, counts) * centred**2).sum() / (images - 1))
    return Chance("top_1_error", float(1 - expected / images), float(np.sqrt(variance) / images))


def _of_pixels(truth: Readable) -> Chance | None:
    """Pixels moved within each mask: the chance of a category there is its share of the mask."""
    right, labelled, variance = 0.0, 0.0, 0.0
    for labels in _masks(bytes(memoryview(truth).cast("B"))).values():
        counts = np.bincount(labels.ravel(), minlength=256).astype(np.float64)
        right += float((counts[1:] ** 2).sum() / labels.size)
        labelled += float(counts[1:].sum())
        variance += float(counts[1:].sum())  # a pixel is right or not: no more than this
    return Chance("pixel_accuracy", right / labelled, float(np.sqrt(variance) / labelled)) if labelled else None


def _masks(truth: bytes) -> dict[str, NDArray[np.uint8]]:
    """The masks by name, of an archive that was read before."""
    with zipfile.ZipFile(io.BytesIO(truth)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".png") and "__MACOSX" not in name]
        return {name: np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names}


def _rows(truth: bytes) -> list[bytes]:
    return content(truth).tobytes().splitlines()


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


_SHUFFLES: Mapping[str, Shuffle] = {
    "scene-classification": _behind_names,
    "detection": _indices,
    "video-detection": _indices,
    "video-tracking": _categories,
    "scene-parsing": _pixels,
}

_CHANCES: Mapping[str, Callable[[Readable], Chance | None]] = {
    "classification": _of_labels,
    "scene-classification": _of_labels,
    "scene-parsing": _of_pixels,
}
