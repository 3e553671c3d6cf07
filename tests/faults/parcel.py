"""What a team sends: a file in one of several forms, under a key of its own."""

import gzip
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.faults.venue import NAME, File

FORMS = ("file", "form", "json", "gzip")
PARTS, BATCH = "parts", "batch"
"""Other forms: not in one body, but as an upload; as the only model of a batch, by its digest."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file on its way: in which form, to which split of which challenge, under which key."""

    file: File
    split: str
    form: str
    key: str
    challenge: str = NAME

    @property
    def content(self) -> bytes:
        """The bytes that are judged."""
        return self.file.inline if self.form == "json" and self.file.inline else self.file.text

    def sent(self) -> dict[str, Any]:
        """The same as httpx takes it."""
        if self.form == "form":
            return {"files": {"file": ("predictions.txt", self.content)}}
        media = "application/json" if self.content is self.file.inline else "text/plain"
        body = gzip.compress(self.content) if self.form == "gzip" else self.content
        return {"content": body, "headers": {"Content-Type": media}}


def parcel(file: File, split: str, form: str, challenge: str = NAME) -> Parcel:
    """A new request with this file. What has no JSON goes as a file."""
    return Parcel(file, split, "file" if form == "json" and file.inline is None else form, uuid4().hex, challenge)
