"""A file on its way: where it goes, what is said of it, its bytes and their digests."""

import base64
import gzip
import hashlib
import zlib
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from services.gateway.client.endings import USAGE, Ending, Json
from services.gateway.client.progress import Progress

NUMBERINGS = ("ilsvrc", "model-zoo", "kaggle", "wnid")
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file, where it goes, and what is said of it.

    `sent` and `content` are the SHA-256 of its bytes and of what they unpack to, in hexadecimal; None where that was
    not looked at, or cannot be unpacked. The same file, said again under the same `key`, counts once.
    `model` is its batch and its index there, where it is one of many.
    """

    path: Path
    size_bytes: int
    challenge: str
    task: str
    split: str
    about: Json
    sent: str | None = None
    content: str | None = None
    key: str | None = None
    model: Json = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """What makes a submission in one body count once."""
        stated = {"Repr-Digest": digest_field(self.content)} if self.content else {}
        return stated | ({"Idempotency-Key": self.key} if self.key else {})

    def matches(self, submission: Json) -> bool:
        """Whether a submission is to where this goes, under the same method."""
        place = (submission["challenge"], submission["task"], submission["split"])
        return place == (self.challenge, self.task, self.split) and submission["method"] == self.about["method"].strip()


class Body:
    """The bytes of a parcel, read block by block, counted and digested as they go."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel
        self._digest = hashlib.sha256()
        self._sent_bytes = 0

    @property
    def complete(self) -> bool:
        """Whether all was handed to the network. If not, the server cannot have sealed it."""
        return self._sent_bytes == self._parcel.size_bytes

    @property
    def digest(self) -> str:
        """SHA-256 of what was sent: of the file, once it is complete."""
        return self._digest.hexdigest()

    def blocks(self) -> Generator[bytes, None, None]:
        """The blocks to send; shows progress."""
        with (
            Progress(self._parcel.path.name, self._parcel.size_bytes) as progress,
            self._parcel.path.open("rb") as file,
        ):
            while block := file.read(BLOCK_BYTES):
                self._digest.update(block)
                self._sent_bytes += len(block)
                if self._sent_bytes > self._parcel.size_bytes:
                    break
                yield block
                progress.show(self._sent_bytes)
            if not self.complete:
                raise changed(self._parcel.path)


def changed(path: Path) -> Ending:
    """The end of sending a file that is not what it was."""
    return Ending(USAGE, f"{path} changed while it was being sent", "  submit it when it is finished")


def size_of(path: Path) -> int:
    """The size in bytes of a file that can be read more than once."""
    try:
        if not path.is_file():
            raise Ending(USAGE, f"{path} is not a file", "  give the path of the predictions file")
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}") from error


def digest_of(path: Path) -> str:
    """SHA-256 of the file as it is."""
    return measured(path)[0]


def unpacked_digest_of(path: Path) -> str | None:
    """SHA-256 of what a packed file unpacks to; None where it is broken."""
    found = measured_unpacked(path)
    return found[0] if found else None


def measured(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes of the file as it is."""
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest(), content.tell()
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}") from error


def measured_unpacked(path: Path) -> tuple[str, int] | None:
    """The same of what it unpacks to; None where it is a broken archive."""
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) as content:
            return hashlib.file_digest(content, "sha256").hexdigest(), content.tell()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}") from error


def is_gzip(path: Path) -> bool:
    """Whether the server will unpack it: it goes by the first two bytes, too."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def digest_field(digest: str) -> str:
    """A SHA-256 as HTTP fields state it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
