"""The file that a request brings, as one stream of bytes, whichever way it comes: raw, in a form, or as inline JSON.

Everything that takes a file takes it from here, and describes it by `FILE_BODY` in the OpenAPI document.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from services.gateway.api import inline
from services.gateway.digestfields import checked, claimed_digest
from services.gateway.forms import AROUND_BYTES, FIELD, FileForm, boundary_of
from services.gateway.intake import Incoming
from shared.errors import WrongMedia

FORM, INLINE, FILE = "multipart/form-data", "application/json", "application/octet-stream"
FILE_TYPES = (
    "text/plain",
    "text/csv",
    FILE,
    "application/x-npy",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
)
"""Types that a file may have as the body. None decides how it is read: the scorer looks at the bytes themselves."""

_BINARY = {"type": "string", "format": "binary"}
_FORM: dict[str, Any] = {
    "title": "PredictionsForm",
    "description": "A form with the file as its one field.",
    "type": "object",
    "required": [FIELD],
    "properties": {FIELD: _BINARY | {"description": "the predictions file, plain or gzip"}},
}
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The predictions: as JSON in the form of the task, as the field `file` of a form, or the file "
        "itself, plain or gzip; a file may also come as any of "
        + ", ".join(f"`{media}`" for media in FILE_TYPES if media != FILE)
        + ". Scene parsing takes a zip of PNG masks, detection also COCO's results as they are.",
        "content": {INLINE: inline.CONTENT, FORM: {"schema": _FORM}, FILE: {"schema": _BINARY}},
    }
}
"""One type stands for all that a file may have: generators make a function of each that they know, and complain of others."""


ReprDigest = Annotated[
    str | None,
    Header(alias="Repr-Digest", description="`sha-256=:…:` of the decompressed file (RFC 9530); checked on arrival"),
]
ContentDigest = Annotated[
    str | None,
    Header(alias="Content-Digest", description="`sha-256=:…:` of the body as it is sent; checked on arrival"),
]


def media_of(request: Request) -> str:
    """The media type of a body, without its parameters; empty where none is told."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def incoming(request: Request, repr_digest: ReprDigest = None, content_digest: ContentDigest = None) -> Incoming:
    """What the request brings. Raises `WrongMedia`, and `Refused` for a form without a boundary or a broken digest."""
    media = media_of(request)
    _check_encoding(request.headers.get("content-encoding", "identity").strip().lower(), media)
    length = request.headers.get("content-length", "")
    announced_bytes = int(length) if length.isdecimal() else None
    content: AsyncIterator[bytes] = request.stream()
    if whole := claimed_digest(content_digest):
        content = checked(content, whole)
    if media == FORM:
        content = _file_of(FileForm(boundary_of(request.headers["content-type"])), content)
        announced_bytes = max(0, announced_bytes - AROUND_BYTES) if announced_bytes is not None else None
    elif media and media not in (*FILE_TYPES, INLINE):
        raise WrongMedia(
            "media-type-unknown",
            f"a body of type {media!r} is not read here; these are: {', '.join((*FILE_TYPES, INLINE, FORM))}",
            "with curl: -H 'Content-Type: text/plain' --data-binary @predictions.txt",
        )
    return Incoming(content, announced_bytes, claimed_digest(repr_digest))


FileDep = Annotated[Incoming, Depends(incoming)]


async def _file_of(form: FileForm, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in content:
        for block in form.feed(chunk):
            yield block
    form.finish()


def _check_encoding(encoding: str, media: str) -> None:
    if encoding not in ("identity", "gzip"):
        raise WrongMedia("encoding-unknown", f"the content encoding {encoding!r} is not read here", "send gzip or none")
    if encoding == "gzip" and media == FORM:
        raise WrongMedia("encoding-unknown", "a form is not unpacked as a whole", "pack the file in it, not the form")
