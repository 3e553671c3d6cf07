"""Repr-Digest and Content-Digest (RFC 9530): what senders say that their bytes are. SHA-256 is read, others passed over."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

from shared.errors import Refused


class Damaged(Refused):
    """Other bytes arrived than were sent: the line's fault, and so nobody's."""


_SHA_256 = re.compile(r"(?:^|,)\s*sha-256\s*=\s*([^,;]*)")
_BYTES = re.compile(r":([A-Za-z0-9+/]{43}=):")


def claimed_digest(field: str | None) -> str | None:
    """The SHA-256 in `field`, as 64 hexadecimal digits; None when it has none. Raises `Refused` for a broken one."""
    named = _SHA_256.search(field or "")
    if named is None:
        return None
    written = _BYTES.fullmatch(named[1].strip())
    if written is None:
        raise Refused(
            "digest-malformed",
            f"{named[1][:80]!r} is not a SHA-256 as RFC 9530 writes it",
            "write `sha-256=:`, the 32 bytes in base64, and `:`",
        )
    return base64.b64decode(written[1]).hex()


def check_digest(claimed: str | None, *found: str) -> None:
    """Raise `Damaged` unless `claimed` is one of `found` or nothing was claimed."""
    if claimed is not None and claimed not in found:
        raise Damaged(
            "digest-mismatch",
            f"the bytes that arrived have SHA-256 {found[0]}, not {claimed} as the request says; nothing was accepted",
            "send them again, or leave the digest out",
        )


async def checked(content: AsyncIterator[bytes], claimed: str) -> AsyncIterator[bytes]:
    """`content` as it comes; raises `Damaged` after the last byte unless it has the digest `claimed`."""
    found = hashlib.sha256()
    async for chunk in content:
        found.update(chunk)
        yield chunk
    check_digest(claimed, found.hexdigest())
