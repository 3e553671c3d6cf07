"""Decodes one PNG of class numbers: 8-bit gray, or a palette, whose indices are the numbers. Pillow does the decoding.

The header is judged first, by ourselves: what has another size or form than is wanted, or is a bomb, is never decoded.
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import PngImagePlugin

from services.scorer.formats.blocks import Bytes
from services.scorer.formats.recognise import called

MAGIC = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 2**24
"""Of one mask: 4096 × 4096, 16 MiB decoded; 48 masks of 683 × 512."""

_HEADER = struct.Struct(">8sI4sIIBBBBB")
_CHUNK, _CHECKSUM_BYTES = struct.Struct(">I4s"), 4
_ESSENTIAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_GRAY, _PALETTE = 0, 3
_COLOURED = {2: "RGB", 4: "gray with transparency", 6: "RGB with transparency"}
_SAVE = "Save class numbers as 8-bit gray: PIL.Image.fromarray(mask.astype(numpy.uint8)).save(path)."
_AGAIN = "Save it again, and send the whole file."

_FAILURES = (
    *(OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, EOFError, MemoryError),
    *(struct.error, zlib.error),
)
"""What Pillow raises for damaged files, by its own account and as fuzzing found."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a file is no mask: `what` goes on after the file's name."""

    code: str
    what: str
    remedy: str


Size = tuple[int, int]
"""Width, height."""


def read_labels(data: bytes, size: Size | None) -> Bytes | Unfit:
    """(height, width) uint8, the class number of each pixel; of this `size`, unless that is None."""
    header = _HEADER.unpack(data[: _HEADER.size]) if len(data) >= _HEADER.size else None
    if not data.startswith(MAGIC):
        return Unfit("not-a-png", f"is {called(data) or 'a file of another kind'}, not a PNG image.", _SAVE)
    if header is None or header[1:3] != (13, b"IHDR"):
        return Unfit("png-damaged", "has no header: it was cut off or damaged.", _AGAIN)
    _, _, _, width, height, depth, colour, _, _, _ = header
    return _unfit_form(depth, colour) or _unfit_size((width, height), size) or _decoded(data, (width, height))


def _unfit_form(depth: int, colour: int) -> Unfit | None:
    if colour in _COLOURED:
        return Unfit("mask-colour", f"is in colour ({_COLOURED[colour]}), not one class number a pixel.", _SAVE)
    if colour == _PALETTE or (colour == _GRAY and depth == 8):
        return None
    return Unfit("mask-depth", f"has {depth} bits a pixel, not 8.", _SAVE)


def _unfit_size(found: Size, wanted: Size | None) -> Unfit | None:
    shown = f"{found[0]:,} × {found[1]:,} pixels (width × height)"
    if wanted is not None and found != wanted:
        turned = found[::-1] == wanted
        resize = "Resize scores before the class is taken, or class numbers by nearest neighbour."
        remedy = "Width and height are the wrong way round: transpose the array." if turned else resize
        return Unfit("mask-size", f"has {shown}; its image has {wanted[0]:,} × {wanted[1]:,}.", remedy)
    if not 0 < found[0] * found[1] <= MOST_PIXELS:
        return Unfit("mask-too-large", f"has {shown}; a mask has 1 to {MOST_PIXELS:,}.", _SAVE)
    return None


def _decoded(data: bytes, size: Size) -> Bytes | Unfit:
    damaged = Unfit("png-damaged", "cannot be decoded: it was cut off or damaged.", _AGAIN)
    chunks = _essential(data)
    if chunks is None:
        return damaged
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(chunks))
        if image.mode not in ("L", "P") or image.size != size:
            return damaged
        labels = np.frombuffer(image.tobytes(), np.uint8)
    except _FAILURES:
        return damaged
    return labels.reshape(size[1], size[0]) if len(labels) == size[0] * size[1] else damaged


def _essential(data: bytes) -> bytes | None:
    """The chunks that hold the image; None if one of them is damaged or the end is missing.

    Texts, colour profiles, animations and the like are not even shown to the decoder.
    """
    kept, place = [MAGIC], len(MAGIC)
    while place + _CHUNK.size <= len(data):
        length, name = _CHUNK.unpack_from(data, place)
        end = place + _CHUNK.size + length + _CHECKSUM_BYTES
        if name in _ESSENTIAL:
            chunk = data[place:end]
            if zlib.crc32(chunk[4:-_CHECKSUM_BYTES]).to_bytes(_CHECKSUM_BYTES, "big") != chunk[-_CHECKSUM_BYTES:]:
                return None
            kept.append(chunk)
        if name == b"IEND":
            return b"".join(kept)
        place = end
    return None
