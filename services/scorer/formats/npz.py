"""Opens an .npz: a zip archive with one array. Its central directory is judged before a byte is unfolded.

Then the array is unfolded as it is read, and never further than the directory promised.
"""

import struct
import zlib
from dataclasses import dataclass

from services.scorer.formats.blocks import Readable
from services.scorer.formats.npy import refuse

MAGIC = b"PK\x03\x04"

MOST_MEMBERS = 16
HIGHEST_RATIO = 100
"""Unfolded to folded: probabilities and ids reach 2 to 10; 1,000 is the most that deflate can do, with zeros only."""

FEED_BYTES = 2**16
"""So much is handed to zlib at a time."""

CHOSEN = ("predictions", "arr_0")
"""Which array counts where there are several: the first of these."""

_END, _ENTRY, _LOCAL = struct.Struct("<4s4H2IH"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H")
_END_MAGIC, _ENTRY_MAGIC = b"PK\x05\x06", b"PK\x01\x02"
_LONGEST_COMMENT = 2**16 - 1
_STORED, _DEFLATED = 0, 8
_LINK, _KIND = 0o120000, 0o170000
_AGAIN = "Save it again with numpy.savez, with one array."
_PLAIN = "Save it with numpy.savez (not compressed) or numpy.save."


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive, as the central directory has it."""

    name: str
    method: int
    folded: int
    unfolded: int
    checksum: int
    place: int


class Unfolding:
    """The bytes of a member, unfolded as they are asked for. Raises `Unreadable` where they are not what was promised."""

    def __init__(self, data: memoryview, member: Member) -> None:
        self.left = member.unfolded
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
            refuse("archive-damaged", "The array's checksum is wrong: the archive is damaged.", _AGAIN)
        return taken

    def _next_stored(self, length: int) -> memoryview:
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _next_unfolded(self, length: int) -> bytearray:
        taken = bytearray()
        while len(taken) < length:
            folded = self._inflate.unconsumed_tail or self._fed()
            if not folded or self._inflate.eof:
                refuse("archive-damaged", "The array ends early: the archive is damaged.", _AGAIN)
            try:
                taken += self._inflate.decompress(folded, length - len(taken))
            except zlib.error:
                refuse("archive-damaged", "The array cannot be unfolded: the archive is damaged.", _AGAIN)
        return taken

    def _fed(self) -> memoryview:
        fed, self._rest = self._rest[:FEED_BYTES], self._rest[FEED_BYTES:]
        return fed


def open_npz(data: Readable, most_bytes: int) -> Unfolding:
    """The archive's one array (or the one of `CHOSEN`). Raises `Unreadable`, also if all would be above `most_bytes`."""
    view = memoryview(data).cast("B")
    members = _directory(view)
    _judge(members, most_bytes)
    member = _chosen(members)
    return Unfolding(_content(view, member), member)


def _directory(view: memoryview) -> list[Member]:
    """What the central directory lists; it lies in front of the record at the archive's end."""
    tail = bytes(view[-(_LONGEST_COMMENT + _END.size) :])
    place = tail.rfind(_END_MAGIC)
    if place < 0 or len(tail) - place < _END.size:
        refuse("archive-damaged", "The archive has no end: it was cut off.", "Send the whole file.")
    _, disk, _, _, count, size, start, _ = _END.unpack_from(tail, place)
    end = len(view) - len(tail) + place
    if count > MOST_MEMBERS:
        refuse("archive-members", f"The archive holds {count:,} files; one array is wanted.", _AGAIN)
    if disk or start + size > end:
        refuse("archive-damaged", "The archive's directory is damaged.", _AGAIN)
    members, rest = [], bytes(view[start : start + min(size, MOST_MEMBERS * 2**17)])
    for _ in range(count):
        member, rest = _entry(rest)
        members.append(member)
    return members


def _entry(rest: bytes) -> tuple[Member, bytes]:
    """The first entry, and what comes behind it."""
    if len(rest) < _ENTRY.size or rest[:4] != _ENTRY_MAGIC:
        refuse("archive-damaged", "The archive's directory is damaged.", _AGAIN)
    _, _, _, flags, method, _, _, checksum, folded, unfolded, name, extra, comment, _, _, mode, place = _ENTRY.unpack(
        rest[: _ENTRY.size]
    )
    called = rest[_ENTRY.size : _ENTRY.size + name].decode("utf-8", "replace")
    if flags & 1 or method not in (_STORED, _DEFLATED) or (mode >> 16) & _KIND == _LINK:
        refuse("archive-members", f"{called[:60]!a} is encrypted, a link, or packed in a way not read here.", _PLAIN)
    return Member(called, method, folded, unfolded, checksum, place), rest[_ENTRY.size + name + extra + comment :]


def _judge(members: list[Member], most_bytes: int) -> None:
    """Refuse an archive of anything but arrays, and one that unfolds to too much."""
    others = [member.name for member in members if not member.name.endswith(".npy")]
    if others or not members:
        found = f"there is {others[0][:60]!a}" if others else "it is empty"
        refuse("archive-members", f"The archive should hold an array (.npy); {found}.", _AGAIN)
    total = sum(member.unfolded for member in members)
    for member in members:
        if member.unfolded > HIGHEST_RATIO * max(member.folded, 1):
            sentence = f"{member.name[:60]!a} would unfold to more than {HIGHEST_RATIO} times its size."
            refuse("archive-bomb", sentence, _PLAIN)
    if total > most_bytes:
        sentence = f"The archive would unfold to {total:,} bytes; at most {most_bytes:,} make sense here."
        refuse("archive-bomb", sentence, _AGAIN)


def _chosen(members: list[Member]) -> Member:
    named = {member.name.removesuffix(".npy"): member for member in members}
    wanted = [named[name] for name in CHOSEN if name in named]
    if len(members) > 1 and not wanted:
        shown = ", ".join(sorted(named))[:80]
        refuse("archive-members", f"The archive holds several arrays: {shown!a}.", "Call one of them predictions.")
    return wanted[0] if wanted else members[0]


def _content(view: memoryview, member: Member) -> memoryview:
    """The member's bytes, folded; the local header before them may differ from the directory in length only."""
    local = bytes(view[member.place : member.place + _LOCAL.size])
    if len(local) < _LOCAL.size or local[:4] != MAGIC:
        refuse("archive-damaged", "The archive's directory points to nothing.", _AGAIN)
    *_, name, extra = _LOCAL.unpack(local)
    start = member.place + _LOCAL.size + name + extra
    content = view[start : start + member.folded]
    if len(content) < member.folded or (member.method == _STORED and member.folded != member.unfolded):
        refuse("archive-damaged", "The archive was cut off.", "Send the whole file.")
    return content
