"""SHA-256 names for bytes: what was submitted, judged and reported is always said by digest."""

import base64
import binascii
import hashlib
import json
import re
from typing import Annotated, Any

from pydantic import StringConstraints

from shared.errors import Refused

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def digest_of(data: bytes) -> str:
    """The SHA-256 of `data` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with one spelling per value (sorted keys, no spaces, UTF-8), so that equal values have equal digests.

    Raises `ValueError` on NaN and infinities, which JSON cannot say.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


SHA256_MEMBER = re.compile(r"(?:^|,)\s*sha-256\s*=\s*([^,]*)")
"""SHA-256 in a digest field; a field may name other algorithms beside it."""


def field_digest(field: str) -> str | None:
    """The SHA-256 that a Content-Digest or Repr-Digest field states (RFC 9530), in hexadecimal; None if it has none.

    Raises `Refused` when it states one that cannot be read.
    """
    member = SHA256_MEMBER.search(field)
    if member is None:
        return None
    try:
        stated = re.fullmatch(r":([A-Za-z0-9+/=]+):\s*", member[1])
        digest = base64.b64decode(stated[1], validate=True) if stated else b""
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise Refused(
            "digest-field-invalid",
            f"the digest field {field[:120]!r} cannot be read",
            "write sha-256=:…: with the base64 of the SHA-256's 32 bytes between the colons (RFC 9530)",
        )
    return digest.hex()
