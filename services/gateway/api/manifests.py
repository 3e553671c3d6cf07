"""The body of `POST /v1/batches`: a manifest as JSON, or a form with the manifest and a field for each file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from services.gateway.api import practice
from services.gateway.api.bodies import FORM, INLINE, media_of
from services.gateway.deadlines import in_time
from services.gateway.digestfields import checked, claimed_digest
from services.gateway.formparts import FormParts
from services.gateway.forms import Form, boundary_of
from services.gateway.manifests.reading import MOST_MODELS
from services.gateway.manifests.requests import ManifestHead, ModelRequest
from shared.errors import Refused, TooLarge, WrongMedia

FIELD = "manifest"

MANIFEST_BYTES = 8 * 2**20
"""A thousand models announced by digest are 300 kB; inline, 50,000 images with five guesses are 2 MB. Read, it takes some
ten times as much memory, a model at a time."""

MANIFEST_SECONDS = 60
"""8 MiB at 140 kB/s. A slower one holds a place that is for others."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A manifest as it came, and the files behind it, where it is in a form."""

    manifest: bytes
    files: FormParts | None


def is_form(request: Request) -> bool:
    """Whether files may come behind the manifest."""
    return media_of(request) == FORM


async def read_posted(request: Request, content_digest: str | None) -> Posted:
    """The manifest of a request, whole, and its files as yet unread.

    Raises `TooLarge`, `WrongMedia` (an encoding), and `Refused` for a form that is none or does not begin with a manifest,
    and for a manifest that comes too slowly.
    """
    async with in_time(
        MANIFEST_SECONDS,
        f"the manifest took longer than {MANIFEST_SECONDS} seconds",
        "announce files by `sha256` and `bytes` and send them one by one; or send several manifests",
    ):
        return await _read_posted(request, content_digest)


async def _read_posted(request: Request, content_digest: str | None) -> Posted:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise WrongMedia("encoding-unknown", "a manifest is not unpacked", "send it plain; files in a form may be gzip")
    content: AsyncIterator[bytes] = request.stream()
    if whole := claimed_digest(content_digest):
        content = checked(content, whole)
    if not is_form(request):
        return Posted(await _whole(content), None)
    parts = FormParts(Form(boundary_of(request.headers["content-type"])), content)
    if await parts.next() != FIELD:
        raise Refused(
            "form-manifest-missing",
            f"the form should begin with a field {FIELD!r}",
            "with curl: -F manifest=@manifest.json before -F resnet50.txt=@resnet50.txt",
        )
    return Posted(await _whole(parts.blocks()), parts)


async def _whole(content: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in content:
        body += chunk
        if len(body) > MANIFEST_BYTES:
            raise TooLarge(
                "manifest-too-large",
                f"the manifest is larger than {MANIFEST_BYTES:,} bytes",
                "announce files by `sha256` and `bytes` and send them one by one; or send several manifests",
            )
    return bytes(body)


def _manifest() -> dict[str, Any]:
    head, model = ManifestHead.model_json_schema(), ModelRequest.model_json_schema()
    model["title"], head["title"] = "ManifestModel", "Manifest"
    head["properties"]["models"] = {
        "type": "array",
        "description": "those that are submitted, in their order",
        "items": model,
        "minItems": 1,
        "maxItems": MOST_MODELS,
    }
    head["required"].append("models")
    return head


_PLACE = {"challenge": practice.CHALLENGE, "task": practice.TASK, "split": practice.SPLIT}
_INLINE = {"name": "guesser", "revision": "1", "claimed": {"top_5_error": 0.1}, "predictions": practice.PREDICTIONS}
_ANNOUNCED = {
    "name": "resnet50",
    "revision": "IMAGENET1K_V2",
    "labels": "model-zoo",
    "claimed": {"top_1_error": 0.19142, "top_5_error": 0.04566},
    "file": "resnet50.npy",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "bytes": 2000128,
}
_EXAMPLES = {
    "inline": {"summary": "Predictions in the manifest", "value": _PLACE | {"models": [_INLINE]}},
    "announced": {
        "summary": "Files that are sent afterwards",
        "value": {"challenge": "ilsvrc2012", "task": "classification", "split": "validation", "models": [_ANNOUNCED]},
    },
}

MANIFEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The manifest; or a form that begins with it, as the field `manifest`, and has a field for each file, "
        "named by the model's `file`.",
        "content": {
            INLINE: {"schema": _manifest(), "examples": _EXAMPLES},
            FORM: {
                "schema": {
                    "title": "ManifestForm",
                    "description": "A form that begins with the manifest.",
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {"type": "string", "contentMediaType": INLINE, "description": "the manifest"}
                    },
                    "additionalProperties": {"type": "string", "format": "binary"},
                }
            },
        },
    }
}
