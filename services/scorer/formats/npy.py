"""Reads the header of a NumPy array (.npy, versions 1 to 3) and hands its rows out block by block.

NumPy's own loader is never asked: it evaluates the header and unpickles objects. First step of reading arrays:
recognise → npz → npy → arrays.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable
from shared.errors import Fault, Unreadable

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
"""Bytes; a header of two dimensions has some 120. NumPy refuses longer ones, too."""

BLOCK_BYTES = 2**20
"""Of an array at a time: its rows, and what is computed from them, stay in cache."""

Array = NDArray[Any]

_HEADER = re.compile(
    rb"""\s*\{\s*(?=[^{}]*(['"])descr\1\s*:\s*(['"])(?P<dtype>[<>|=]?[a-zA-Z]\d{1,9})\2)"""
    rb"""(?=[^{}]*(['"])fortran_order\4\s*:\s*(?P<fortran>True|False))"""
    rb"""(?=[^{}]*(['"])shape\6\s*:\s*\((?P<shape>[\d,\sL]*)\))"""
    rb"""(?:\s*(['"])\w+\8\s*:\s*(?:\([\d,\sL]*\)|['"][^'"{}]*['"]|True|False)\s*,?){3}\s*\}\s*"""
)
_READ = re.compile(r"[<>|=]?([iu][1248]|f[248])")
_REMEDY = "Save it with numpy.save, as an array of whole numbers (ids) or of floats (scores)."


class Source(Protocol):
    """Where an array's bytes come from: a file in memory, or a stream that is unfolded as it is read."""

    left: int
    """How many bytes are still to come."""

    def take(self, length: int) -> Readable:
        """The next `length` bytes, all of them."""


class Whole:
    """A file that lies open: nothing is copied."""

    def __init__(self, data: Readable) -> None:
        self._view = memoryview(data).cast("B")
        self.left = len(self._view)

    def take(self, length: int) -> memoryview:
        """The next `length` bytes."""
        start = len(self._view) - self.left
        self.left -= length
        return self._view[start : start + length]


@dataclass(frozen=True, slots=True)
class Header:
    """What an array is: `dtype` of whole numbers or floats, (rows, columns), and the order in which it lies."""

    dtype: np.dtype[Any]
    rows: int
    columns: int
    fortran: bool

    @property
    def size_bytes(self) -> int:
        """Of the array behind the header."""
        return self.rows * self.columns * self.dtype.itemsize


def read_header(source: Source) -> Header:
    """Take the header off `source`; what is left is exactly the array. A one-dimensional one is a column.

    Raises `Unreadable`.
    """
    start = bytes(source.take(min(8, source.left)))
    if start[:6] != MAGIC or len(start) < 8:
        refuse("array-damaged", "The array has no beginning.", _REMEDY)
    if start[6] not in (1, 2, 3) or start[7] != 0:
        refuse("array-damaged", f"The array is of the unknown version {start[6]}.{start[7]}.", _REMEDY)
    length_bytes = 2 if start[6] == 1 else 4
    length = int.from_bytes(source.take(min(length_bytes, source.left)), "little")
    if length > min(LONGEST_HEADER, source.left):
        refuse("array-damaged", f"The array's header is said to have {length:,} bytes.", _REMEDY)
    header = _understood(bytes(source.take(length)))
    if header.size_bytes != source.left:
        sentence = f"By its header the array has {header.size_bytes:,} bytes; behind it there are {source.left:,}."
        refuse("array-damaged", sentence, "Save it again, and send the whole file.")
    return header


def _understood(text: bytes) -> Header:
    if re.search(rb"""['"]descr['"]\s*:\s*(\[|['"]\|?O)""", text):
        refuse("array-of-objects", "The array holds Python objects or records, which are never unpacked.", _REMEDY)
    found = _HEADER.fullmatch(text)
    if found is None:
        refuse("array-damaged", "The array's header cannot be read.", _REMEDY)
    name = found["dtype"].decode()
    if not _READ.fullmatch(name):
        refuse("array-of-others", f"The array's type is {name}, neither whole numbers nor floats.", _REMEDY)
    shape = [int(part) for part in found["shape"].replace(b"L", b"").split(b",") if part.strip()]
    if len(shape) not in (1, 2) or math.prod(shape) == 0:
        shown = "×".join(map(str, shape[:8])) or "no"
        refuse("array-shape", f"The array's shape is {shown}; it should have rows and columns.", _REMEDY)
    return Header(np.dtype(name), shape[0], shape[1] if len(shape) == 2 else 1, found["fortran"] == b"True")


def row_blocks(source: Source, header: Header) -> Iterator[Array]:
    """The rows from top to bottom, (some, columns) at a time; views, in the byte order of the file.

    An array in Fortran order is taken whole, since its first row ends near its end.
    """
    step = max(1, BLOCK_BYTES // (header.columns * header.dtype.itemsize))
    if header.fortran:
        whole = np.frombuffer(source.take(header.size_bytes), header.dtype).reshape(header.columns, header.rows).T
        for first in range(0, header.rows, step):
            yield whole[first : first + step]
        return
    for first in range(0, header.rows, step):
        rows = min(step, header.rows - first)
        taken = source.take(rows * header.columns * header.dtype.itemsize)
        yield np.frombuffer(taken, header.dtype).reshape(rows, header.columns)


def refuse(code: str, sentence: str, remedy: str, row: int | None = None, column: int | None = None) -> NoReturn:
    """Raise `Unreadable` with one fault."""
    raise Unreadable(code, sentence, remedy, (Fault(code, sentence, remedy, row, column),))
