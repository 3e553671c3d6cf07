"""Opens a zip archive: its central directory is judged before a byte is unfolded, and nothing is written anywhere.

Then a member is unfolded as it is read, and never further than the directory promised. Used for arrays (`npz`) and for
masks; the words are each user's own.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import NoReturn

from services.scorer.formats.blocks import Readable
from shared.errors import Fault, Unreadable

MAGIC = b"PK\x03\x04"

HIGHEST_RATIO = 100
"""Unfolded to folded: probabilities and ids reach 2 to 10, masks 2; 1,000 is the most that deflate can do, with zeros."""

ALWAYS_BYTES = 2**16
"""So much a member may unfold to whatever its ratio: a mask of one colour folds to very little."""

FEED_BYTES = 2**16
"""So much is handed to zlib at a time."""

_END, _ENTRY, _LOCAL = struct.Struct("<4s4H2IH"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H")
_END_MAGIC, _ENTRY_MAGIC = b"PK\x05\x06", b"PK\x01\x02"
_LONGEST_COMMENT = 2**16 - 1
_STORED, _DEFLATED = 0, 8
_LINK, _KIND = 0o120000, 0o170000


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive is to hold, for the limits and for the words: one `what` after another, `most_members` in all.

    `most_bytes`: of all members together, unfolded. `again`: how to make a good archive; `plain`: one that is folded less.
    """

    what: str
    most_members: int
    most_bytes: int
    again: str
    plain: str


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive, as the central directory has it."""

    name: str
    method: int
    folded: int
    unfolded: int
    checksum: int
    place: int


class Archive:
    """An archive whose directory has been judged. Raises `Unreadable` where it is not what it should be."""

    def __init__(self, data: Readable, contents: Contents) -> None:
        self.contents = contents
        self._view = memoryview(data).cast("B")
        self.members = self._directory()
        self._judge()

    def open(self, member: Member) -> "Unfolding":
        """The member's bytes; the local header before them may differ from the directory in length only."""
        local = bytes(self._view[member.place : member.place + _LOCAL.size])
        if len(local) < _LOCAL.size or local[:4] != MAGIC:
            self._refuse("archive-damaged", "The archive's directory points to nothing.")
        *_, name, extra = _LOCAL.unpack(local)
        start = member.place + _LOCAL.size + name + extra
        content = self._view[start : start + member.folded]
        if len(content) < member.folded or (member.method == _STORED and member.folded != member.unfolded):
            self._refuse("archive-damaged", "The archive was cut off.", "Send the whole file.")
        return Unfolding(content, member, self.contents)

    def _directory(self) -> tuple[Member, ...]:
        """What the central directory lists; it lies in front of the record at the archive's end."""
        tail = bytes(self._view[-(_LONGEST_COMMENT + _END.size) :])
        place = tail.rfind(_END_MAGIC)
        if place < 0 or len(tail) - place < _END.size:
            self._refuse("archive-damaged", "The archive has no end: it was cut off.", "Send the whole file.")
        _, disk, _, _, count, size, start, _ = _END.unpack_from(tail, place)
        end = len(self._view) - len(tail) + place
        if count > self.contents.most_members:
            sentence = f"The archive holds {count:,} files; at most {self.contents.most_members:,} make sense here."
            self._refuse("archive-members", sentence)
        if disk or start + size > end:
            self._refuse("archive-damaged", "The archive's directory is damaged.")
        return tuple(self._entries(self._view[start : start + size], count))

    def _entries(self, directory: memoryview, count: int) -> list[Member]:
        members, place = [], 0
        for _ in range(count):
            if len(directory) - place < _ENTRY.size or directory[place : place + 4] != _ENTRY_MAGIC:
                self._refuse("archive-damaged", "The archive's directory is damaged.")
            fields = _ENTRY.unpack_from(directory, place)
            _, _, _, flags, method, _, _, checksum, folded, unfolded, name, extra, comment, _, _, mode, start = fields
            place += _ENTRY.size
            called = bytes(directory[place : place + name]).decode("utf-8", "replace")
            if flags & 1 or method not in (_STORED, _DEFLATED) or (mode >> 16) & _KIND == _LINK:
                sentence = f"{called[:60]!a} is encrypted, a link, or packed in a way not read here."
                self._refuse("archive-members", sentence, self.contents.plain)
            members.append(Member(called, method, folded, unfolded, checksum, start))
            place += name + extra + comment
        return members

    def _judge(self) -> None:
        """Refuse an archive that unfolds to too much."""
        for member in self.members:
            if member.unfolded > max(HIGHEST_RATIO * member.folded, ALWAYS_BYTES):
                sentence = f"{member.name[:60]!a} would unfold to more than {HIGHEST_RATIO} times its size."
                self._refuse("archive-bomb", sentence, self.contents.plain)
        total, most = sum(member.unfolded for member in self.members), self.contents.most_bytes
        if total > most:
            sentence = f"The archive would unfold to {total:,} bytes; at most {most:,} make sense here."
            self._refuse("archive-bomb", sentence)

    def _refuse(self, code: str, sentence: str, remedy: str = "") -> NoReturn:
        _refuse(code, sentence, remedy or self.contents.again)


class Unfolding:
    """The bytes of a member, unfolded as they are asked for. Raises `Unreadable` where they are not what was promised."""

    def __init__(self, data: memoryview, member: Member, contents: Contents) -> None:
        self.left = member.unfolded
        self._contents = contents
        self._rest = data
        self._stored = member.method == _STORED
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._expected = member.checksum
        self._checksum = 0

    def take(self, length: int) -> bytes | bytearray | memoryview:
        """The next `length` bytes."""
        taken = self._next_stored(length) if self._stored else self._next_unfolded(length)
        self.left -= length
        self._checksum = zlib.crc32(taken, self._checksum)
        if self.left == 0 and self._checksum != self._expected:
            self._damaged("has a wrong checksum")
        return taken

    def _next_stored(self, length: int) -> memoryview:
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _next_unfolded(self, length: int) -> bytearray:
        taken = bytearray()
        while len(taken) < length:
            folded = self._inflate.unconsumed_tail or self._fed()
            if not folded or self._inflate.eof:
                self._damaged("ends early")
            try:
                taken += self._inflate.decompress(folded, length - len(taken))
            except zlib.error:
                self._damaged("cannot be unfolded")
        return taken

    def _fed(self) -> memoryview:
        fed, self._rest = self._rest[:FEED_BYTES], self._rest[FEED_BYTES:]
        return fed

    def _damaged(self, how: str) -> NoReturn:
        sentence = f"The {self._contents.what} {how}: the archive is damaged."
        _refuse("archive-damaged", sentence, self._contents.again)


def _refuse(code: str, sentence: str, remedy: str) -> NoReturn:
    raise Unreadable(code, sentence, remedy, (Fault(code, sentence, remedy),))
