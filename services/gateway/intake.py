"""From a request body to sealed bytes: gunzip, count and digest in one pass, block by block. Pure but for its sink.

Digests and sizes are kept twice: of the bytes as received, and of the decompressed bytes, which are what is judged.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from shared.errors import Refused, TooLarge

GZIP_MAGIC = b"\x1f\x8b"
BLOCK_BYTES = 2**20
"""Decompressed in blocks of at most this size, so that a bomb is seen before it unfolds."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way in: its bytes as they come, plain or gzip; what is known of them beforehand.

    `announced_bytes`: at least so many are on their way, None when that is not told. `digest`: what the sender says
    that the SHA-256 of the decompressed bytes is.
    """

    content: AsyncIterator[bytes]
    announced_bytes: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one upload was."""

    digest: str
    size_bytes: int
    received_digest: str
    received_bytes: int


class Intake:
    """Feed it chunks; it gives back decompressed blocks, and at the end what they were."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._received = hashlib.sha256()
        self._received_bytes = 0
        # What comes plain is what it is: one pass serves both digests.
        self._content = self._received
        self._content_bytes = 0
        self._head = b""
        self._unzip: zlib._Decompress | None = None
        self._decided = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The decompressed blocks that `chunk` completes. Raises `TooLarge` over the limit, `Refused` on broken gzip."""
        self._received.update(chunk)
        self._received_bytes += len(chunk)
        if self._received_bytes > self._limit:
            raise self._too_large()
        if not self._decided:
            self._head += chunk
            if len(self._head) < len(GZIP_MAGIC):
                return
            chunk = self._decide()
        yield from self._count(self._decompress(chunk) if self._unzip else iter((chunk,)))

    def finish(self) -> Iterator[bytes]:
        """The last blocks. Raises `Refused` when a gzip stream ends too early."""
        if not self._decided and self._head:
            yield from self._count(iter((self._decide(),)))
        if self._unzip is not None and not self._unzip.eof:
            raise _broken_gzip("it ends before its end mark")

    def sealed(self) -> Sealed:
        """What all of it was; to be asked after `finish`."""
        return Sealed(self._content.hexdigest(), self._content_bytes, self._received.hexdigest(), self._received_bytes)

    def _decide(self) -> bytes:
        self._decided = True
        if self._head.startswith(GZIP_MAGIC):
            self._unzip = zlib.decompressobj(wbits=31)
            self._content = hashlib.sha256()
        return self._head

    def _decompress(self, chunk: bytes) -> Iterator[bytes]:
        assert self._unzip is not None
        try:
            while chunk:
                if self._unzip.eof:
                    # A gzip file may be several streams end to end; zero padding after the last one is usual.
                    chunk = chunk.lstrip(b"\0")
                    if not chunk:
                        return
                    self._unzip = zlib.decompressobj(wbits=31)
                yield self._unzip.decompress(chunk, BLOCK_BYTES)
                chunk = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail
        except zlib.error as error:
            raise _broken_gzip(str(error)) from error

    def _count(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._content_bytes += len(block)
            if self._content_bytes > self._limit:
                raise self._too_large()
            if self._unzip is not None:
                self._content.update(block)
            yield block

    def _too_large(self) -> TooLarge:
        return TooLarge(
            "submission-too-large",
            f"the file is larger than this task's limit of {self._limit:,} bytes (decompressed)",
            "send one file with one line per image and at most the stated number of guesses",
        )


def _broken_gzip(cause: str) -> Refused:
    return Refused(
        "gzip-broken", f"the gzip stream cannot be unpacked: {cause}", "compress the file again and send it whole"
    )
