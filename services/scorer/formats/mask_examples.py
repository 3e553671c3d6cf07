"""Small archives of masks, good and broken, for two images `scene_0001` and `scene_0002` of three categories.

Run once at a scorer's start (`evaluate.warm`), they load all of Pillow that masks need: behind its walls nothing is opened.
"""

import io
import struct
import zipfile

import numpy as np
from PIL import Image

from services.scorer.formats.blocks import Bytes


def png(labels: Bytes, mode: str = "L", **how: bool | int) -> bytes:
    """A mask as Pillow writes it."""
    file = io.BytesIO()
    image = Image.fromarray(labels)
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    (image if mode in ("L", "P") else image.convert(mode)).save(file, "png", **how)
    return file.getvalue()


def zipped(*members: tuple[str, bytes], folded: bool = True) -> bytes:
    """An archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            how = zipfile.ZIP_DEFLATED if folded else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, how)
    return file.getvalue()


_FIRST = np.array([[0, 1, 2], [3, 1, 1]], np.uint8)
_SECOND = np.array([[1], [2], [0]], np.uint8)
_NAMES = ("scene_0001.png", "scene_0002.png")
_BOTH = (png(_FIRST), png(_SECOND))
_GOOD = tuple(zip(_NAMES, _BOTH, strict=True))

TRUTH = zipped(*_GOOD)
MASKS = zipped(
    ("a/scene_0002.png", png(_SECOND, "P")), ("__MACOSX/._a", b"x"), ("a/scene_0001.png", png(_FIRST[::-1].copy()))
)
SHIFTED = zipped(
    *((name, png(np.maximum(labels, 1) - 1)) for name, labels in zip(_NAMES, (_FIRST, _SECOND), strict=True))
)

DAMAGED = (
    b"",
    b"PK\x05\x06" + bytes(18),
    b"1 2 3\n",
    b"<html><title>Sign in</title></html>",
    _BOTH[0],
    TRUTH[:-30],
    zipped(("other.png", _BOTH[0]), ("b/scene_0001.png", _BOTH[0]), ("scene_0001.png", _BOTH[0]), ("../a.png", b"")),
    zipped(("scene_0001.png", png(_FIRST.T.copy())), ("scene_0002.png", b"GIF89a"), ("readme.txt", b"hello")),
    *(
        zipped(("scene_0001.png", content), _GOOD[1])
        for content in (
            png(_FIRST, "RGB"),
            png(_FIRST, "1"),
            png(_FIRST + np.uint8(1)),
            _BOTH[0][:-20],
            _BOTH[0][:40] + b"\xff" + _BOTH[0][41:],
            _BOTH[0][:20],
            _BOTH[0][:16] + struct.pack(">2I", 60_000, 60_000) + _BOTH[0][24:],
        )
    ),
)
