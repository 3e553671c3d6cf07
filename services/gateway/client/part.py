"""A part of a file on its way: sent again, whole, as long as it gets lost or spoilt."""

import hashlib
import threading
from collections.abc import Iterator, Sequence

from services.gateway.client.endings import STOPPED, Ending, code_of
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import BLOCK_BYTES, Parcel, changed, digest_field
from services.gateway.client.server import Server

SPOILT_ON_THE_WAY = ("part-size-wrong", "digest-mismatch", "upload-too-slow", "internal")


class Part:
    """A part of a file (perhaps all of it): its bytes, read block by block each time they are sent."""

    def __init__(self, parcel: Parcel, number: int, part_bytes: int, stopping: threading.Event) -> None:
        self.number = number
        self.size_bytes = min(part_bytes, parcel.size_bytes - (number - 1) * part_bytes)
        self._path = parcel.path
        self._start = (number - 1) * part_bytes
        self._stopping = stopping

    def __iter__(self) -> Iterator[bytes]:
        """The blocks; ends the sending of all parts when one cannot be sent."""
        left = self.size_bytes
        with self._path.open("rb") as file:
            file.seek(self._start)
            while left:
                if self._stopping.is_set():
                    raise Ending(STOPPED, "stopped")
                block = file.read(min(BLOCK_BYTES, left))
                if not block:
                    raise changed(self._path)
                left -= len(block)
                yield block

    def digest(self) -> str:
        """SHA-256 of its bytes."""
        digest = hashlib.sha256()
        for block in self:
            digest.update(block)
        return digest.hexdigest()

    def headers(self) -> dict[str, str]:
        """Its type, its length and its digest (RFC 9530)."""
        media = {"Content-Type": "application/octet-stream", "Content-Length": str(self.size_bytes)}
        return media | {"Content-Digest": digest_field(self.digest())}


def send_part(server: Server, path: Sequence[str], part: Part) -> httpx.Response:
    """Send one part to where it goes, until the server has it: its answer."""
    patience = server.patience()
    while True:
        try:
            return server.ask("PUT", path, patience, content=part, headers=part.headers())
        except Ending as ending:
            if code_of(ending) not in SPOILT_ON_THE_WAY or not patience.pause(ending.lines[0]):
                raise
