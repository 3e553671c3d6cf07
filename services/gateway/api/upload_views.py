"""What `/v1/uploads` takes and shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.gateway.api.views import DIGEST, MOMENT, SUBMISSION
from services.gateway.store.uploads import Opened
from services.gateway.tables import PartRow
from shared.challenge import Numbering
from shared.digests import Digest
from shared.model import Model
from shared.report import LabelsWord
from shared.storage import PART_BYTES

LEAST_PART_BYTES = 1024


class UploadRequest(Model):
    """Where a file goes, what is said of it, and how large it is."""

    challenge: str = Field(max_length=100, examples=["ilsvrc2012"])
    task: str = Field(max_length=100, examples=["classification"])
    split: str = Field(max_length=100, examples=["test"])
    size_bytes: int = Field(ge=1, examples=[524288000], description="of the file as it is sent, plain or gzip")
    part_bytes: int | None = Field(
        default=None,
        ge=LEAST_PART_BYTES,
        le=PART_BYTES,
        examples=[PART_BYTES],
        description="of every part but the last; 8 MiB if it is left out",
    )
    digest: Digest | None = Field(
        default=None, examples=[None], description="SHA-256 of the decompressed bytes; other bytes are refused"
    )
    received_digest: Digest | None = Field(
        default=None, examples=[None], description="SHA-256 of the bytes as they are sent; others are not completed"
    )
    method: str = Field(default="", max_length=200, examples=["ResNet-152"], description="name of the method")
    description: str = Field(default="", max_length=2000, examples=["Trained on the provided data."])
    track: Literal["provided", "external"] = Field(default="provided", description="training data")
    labels: Numbering = Field(default="ilsvrc", description="how the file names categories")
    publish: bool = Field(default=False, description="put it on the board once it is scored")
    participate: bool = Field(default=True, description="false: on the board, but not in the contest")
    entry: UUID | None = Field(default=None, examples=[None], description="the submission whose place this file shares")
    batch: UUID | None = Field(
        default=None, examples=[None], description="the batch of which this is a model: what that says, counts"
    )
    index: int | None = Field(default=None, ge=0, examples=[None], description="the model's place in that batch")

    @model_validator(mode="after")
    def _names_a_model_or_none(self) -> Self:
        if (self.batch is None) != (self.index is None):
            raise ValueError("`batch` and `index` come together")
        return self


class CompletionRequest(Model):
    """The end of an upload."""

    received_digest: Digest | None = Field(
        default=None, examples=[None], description="SHA-256 of the bytes as they were sent, all parts in order"
    )


class UploadPartView(BaseModel):
    """A part that is there."""

    number: int = Field(examples=[1])
    size_bytes: int = Field(examples=[PART_BYTES])
    digest: str = Field(examples=[DIGEST], description="SHA-256 of its bytes")


class UploadSummary(BaseModel):
    """An upload in parts."""

    id: UUID = Field(examples=[SUBMISSION], description="its submission has the same")
    state: Literal["open", "sealed"] = Field(examples=["open"], description="`sealed`: it is complete")
    submission: UUID | None = Field(
        examples=[None], description="what a complete one came to: its own submission, or an earlier one of these bytes"
    )
    challenge: str = Field(examples=["ilsvrc2012"])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["test"])
    method: str = Field(examples=["ResNet-152"])
    description: str = Field(examples=["Trained on the provided data."])
    track: str = Field(examples=["provided"])
    labels: LabelsWord = Field(examples=["ilsvrc"])
    publish: bool = Field(examples=[False])
    participate: bool = Field(examples=[True])
    entry: UUID | None = Field(examples=[None], description="the submission whose place it shares")
    size_bytes: int = Field(examples=[524288000], description="of the file as it is sent")
    part_bytes: int = Field(examples=[PART_BYTES], description="of every part but the last")
    part_count: int = Field(examples=[63])
    received_parts: int = Field(examples=[1], description="how many are there")
    digest: str | None = Field(examples=[None], description="SHA-256 of the decompressed bytes, if it was announced")
    received_digest: str | None = Field(examples=[DIGEST], description="that of the bytes as sent, if it was announced")
    created_at: datetime = Field(examples=[MOMENT])
    expires_at: datetime = Field(examples=[MOMENT], description="until when it must be complete")


class UploadView(UploadSummary):
    """An upload, part by part."""

    parts: list[UploadPartView] = Field(description="those that are there, by number")
    missing: list[int] = Field(examples=[[2, 3]], description="the numbers of those that are not")


class UploadPage(BaseModel):
    """Some of a team's uploads whose time is not up."""

    items: list[UploadSummary] = Field(description="new to old")
    next: str | None = Field(examples=[None], description="the cursor of the next page; null on the last one")


def part_view(part: PartRow) -> UploadPartView:
    """A part, shown."""
    return UploadPartView(number=part.number, size_bytes=part.size_bytes, digest=part.digest)


def summary_view(opened: Opened) -> UploadSummary:
    """An upload, shown without its parts."""
    upload, submission = opened.upload, opened.submission
    named = {name: getattr(submission, name) for name in ("challenge", "task", "split", "method")}
    named |= {name: getattr(submission, name) for name in ("description", "track", "labels", "created_at")}
    named |= {name: getattr(upload, name) for name in ("id", "size_bytes", "part_bytes", "digest", "received_digest")}
    counted = {"part_count": opened.part_count, "received_parts": opened.received_parts}
    came_to = {"state": "open" if opened.became is None else "sealed", "submission": opened.became}
    said: dict[str, Any] = {"publish": submission.published_at is not None, "participate": submission.participating}
    said |= {"entry": submission.entry_id, "expires_at": upload.expires_at}
    return UploadSummary.model_validate(named | counted | came_to | said)


def upload_view(opened: Opened, parts: Sequence[PartRow]) -> UploadView:
    """An upload, shown with its parts; a complete one has none any more, and misses none."""
    is_open = opened.became is None
    there = {part.number for part in parts}
    missing = [number for number in range(1, opened.part_count + 1) if number not in there] if is_open else []
    shown = [part_view(part) for part in parts] if is_open else []
    return UploadView(**summary_view(opened).model_dump(), parts=shown, missing=missing)
