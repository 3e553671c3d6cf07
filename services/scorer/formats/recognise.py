"""Recognises files that are no list of numbers at all, so that one clear sentence is said instead of twenty symptoms.

First thing done to a file; looks at its first bytes only.
"""

from typing import Literal

from services.scorer.formats.blocks import BYTE_ORDER_MARK, Readable, content
from services.scorer.formats.wording import IDS, Speech
from shared.errors import Fault, Unreadable

HEAD_BYTES = 4096

_UNPACK = "Unpack it and send the text file inside."
_ENCODE = "Save the file as UTF-8 or plain ASCII text."
_PLAIN = "Save or export it as plain text or CSV."
_TEXT = "Send a text file: {speech.rows}."

_CALLED = {
    "archive": "an archive, not the file inside",
    "saved-array": "a program's own format, not text",
    "document": "a document, not plain text",
    "binary-file": "a binary file",
    "utf-16": "a file in another encoding",
    "other-format": "not a list of {speech.numbers}",
}

_STARTS: tuple[tuple[bytes, str, str, str], ...] = (
    (b"\x1f\x8b", "archive", "a gzip archive", _UNPACK),
    (b"PK\x03\x04", "binary-file", "a zip archive", _UNPACK),
    (b"BZh", "archive", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "archive", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "archive", "a Zstandard archive", _UNPACK),
    (b"Rar!\x1a\x07", "archive", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive", _UNPACK),
    (b"\x93NUMPY", "binary-file", "a NumPy array", _TEXT),
    (b"\x89HDF", "saved-array", "an HDF5 file", _TEXT),
    (b"PAR1", "saved-array", "a Parquet file", _TEXT),
    (b"MATLAB 5.0 MAT-file", "saved-array", "a MATLAB file", _TEXT),
    *((bytes([0x80, version]), "saved-array", "a Python pickle", _TEXT) for version in range(2, 6)),
    (b"\x89PNG", "binary-file", "a PNG image", _TEXT),
    (b"\xff\xd8\xff", "binary-file", "a JPEG image", _TEXT),
    (b"%PDF", "document", "a PDF document", _TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document", "an old Office file (xls, doc)", _PLAIN),
    (b"{\\rtf", "document", "an RTF document", _PLAIN),
    (b"\xff\xfe", "utf-16", "UTF-16", _ENCODE),
    (b"\xfe\xff", "utf-16", "UTF-16", _ENCODE),
    (b"{", "other-format", "JSON", _TEXT),
    (b"[", "other-format", "JSON", _TEXT),
    (b"<", "other-format", "an HTML or XML page", _TEXT),
)


def format_of(data: Readable) -> Literal["text", "json", "array"]:
    """What predictions come as, by their first bytes. What is none of the three is left to the reader of text to refuse."""
    head = bytes(memoryview(data).cast("B")[:HEAD_BYTES])
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if head.startswith(b"\x93NUMPY") or (head.startswith(b"PK\x03\x04") and name.endswith(b".npy")):
        return "array"
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return "json" if text.startswith((b"{", b"[")) and not text.startswith(b"{\\rtf") and 0 not in head else "text"


def called(data: Readable) -> str | None:
    """What a file is by its first bytes, for a sentence: "a PNG image"; None if it is none of the kinds known here."""
    head = bytes(memoryview(data).cast("B")[:HEAD_BYTES]).removeprefix(BYTE_ORDER_MARK)
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((what for start, _, what, _ in _STARTS if head.lstrip().startswith(start)), None)


def refuse_other_formats(data: Readable, speech: Speech = IDS) -> None:
    """Raise `Unreadable` if `data` is empty, binary, UTF-16, JSON, a web page, or has the line ends of old Macs."""
    if not len(content(data)):
        raise _refusal("empty-file", "The file is empty.", "Write {speech.rows}.", speech)
    head = bytes(memoryview(data).cast("B")[:HEAD_BYTES]).removeprefix(BYTE_ORDER_MARK)
    for start, code, what, remedy in _STARTS:
        if head.lstrip().startswith(start):
            raise _refusal(code, f"This is {_CALLED[code]}: {what}.", remedy, speech)
    if _is_utf_16(head):
        raise _refusal("utf-16", "This is a file in another encoding: UTF-16.", _ENCODE, speech)
    if (place := head.find(0)) >= 0:
        raise _refusal("binary-file", "This is a binary file: it holds NUL bytes.", _TEXT, speech, head[:place])
    if head.count(b"\r") > 1 and b"\n" not in head:
        sentence = "Lines end in a carriage return without a line feed."
        before = head[: head.index(b"\r")]
        raise _refusal("lone-carriage-return", sentence, "End lines with LF or CRLF.", speech, before)


def _is_utf_16(head: bytes) -> bool:
    """Whether every second byte is NUL and hardly any of the others: digits in UTF-16 without a byte order mark."""
    even, odd = head[::2], head[1::2]
    few, many = sorted((even.count(0), odd.count(0)))
    return many >= 2 and many >= 0.9 * len(odd) and few == 0


def _refusal(code: str, sentence: str, remedy: str, speech: Speech, before: bytes | None = None) -> Unreadable:
    """One cause for the whole file; `before` is what stands in front of the place that shows it, if one does."""
    line = column = None
    if before is not None:
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    sentence, remedy = (said.format(speech=speech) for said in (sentence, remedy))
    return Unreadable(code, sentence, remedy, (Fault(code, sentence, remedy, line, column),))
