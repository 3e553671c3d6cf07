"""Opens a truth: a plain file, or a bundle of parts (`shared/bundles.py`) whose stored members are not copied.

First step of reading a truth; each part then goes to the reader of its grammar.
"""

import codecs
import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping

from services.scorer.formats.blocks import Readable
from shared.bundles import TRUTH
from shared.errors import Unreadable

_MAGIC = b"PK\x03\x04"
_NAME_AND_EXTRA = struct.Struct("<HH")
_LENGTHS_AT, _HEADER_BYTES = 26, 30
"""Of a member's own header: where the lengths of its name and extra field stand, and where these two begin."""

codecs.lookup("cp437")
"""zipfile reads names with it: loaded now, since the sandbox may open no file later."""

_REMEDY = "Pack it again with publish --ground-truth SPLIT=FILE,PART=FILE."


def open_bundle(truth: Readable, known: Collection[str] = ()) -> Mapping[str, Readable]:
    """The parts by name; a file that is no bundle is the one part `truth`.

    Raises `Unreadable` for parts other than `truth` and those `known`, and for members that cannot be read.
    """
    view = memoryview(truth).cast("B")
    if bytes(view[: len(_MAGIC)]) != _MAGIC:
        return {TRUTH: truth}
    try:
        with zipfile.ZipFile(_View(view)) as archive:
            if TRUTH not in archive.namelist():
                return {TRUTH: truth}
            _refuse_unknown(archive.namelist(), known)
            return {member.filename: _content(view, archive, member) for member in archive.infolist()}
    except (zipfile.BadZipFile, EOFError):
        return {TRUTH: truth}
    except (RuntimeError, ValueError, zlib.error, struct.error) as error:
        raise Unreadable("bundle-unreadable", f"the truth's parts cannot be unpacked: {error}", _REMEDY) from error


def _refuse_unknown(names: Collection[str], known: Collection[str]) -> None:
    unknown = sorted(set(names) - {TRUTH, *known})
    if unknown:
        known_names = ", ".join((TRUTH, *known))
        sentence = f"the truth has a part {unknown[0]!r}, which this task does not read; it reads {known_names}"
        raise Unreadable("unknown-part", sentence, "Leave it out, or mend its name.")


def _content(view: memoryview, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Readable:
    """A stored member as a piece of the file, a compressed one unpacked."""
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        return archive.read(member)
    lengths = _NAME_AND_EXTRA.unpack_from(view, member.header_offset + _LENGTHS_AT)
    start = member.header_offset + _HEADER_BYTES + sum(lengths)
    return view[start : start + member.file_size]


class _View(io.RawIOBase):
    """A file over bytes in memory that copies only what is read."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._place, len(self._view))[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._view[self._place : self._place + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)
