"""API keys: `holdout_<id>_<secret><checksum>`. Made here, checked here; the database keeps a peppered digest only. Pure.

The id is visible and finds the row; the secret has 256 bits; the checksum (CRC32) lets a typing error or a secret scanner be
told apart from a wrong key without asking the database.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Literal, get_args

Scope = Literal["submit", "read", "manage"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""`submit` sends files, `read` sees what the team has sent, `manage` decides where its events go."""

_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_SHAPE = re.compile(r"^holdout_([a-z0-9]{12})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in clear: only ever in memory, and once on its maker's screen."""

    id: str
    secret: str = field(repr=False)

    def text(self) -> str:
        """The key as its holder sends it."""
        return f"holdout_{self.id}_{self.secret}{_checksum(self.id, self.secret)}"


def new_key() -> ApiKey:
    """A fresh key with 256 random bits."""
    return ApiKey("".join(secrets.choice(_ID_LETTERS) for _ in range(12)), secrets.token_urlsafe(32))


def read_key(text: str) -> ApiKey | None:
    """The key in `text`, or None when it is not the shape of one or its checksum is wrong."""
    match = _SHAPE.match(text)
    if match is None or match[3] != _checksum(match[1], match[2]):
        return None
    return ApiKey(match[1], match[2])


def secret_digest(key: ApiKey, pepper: str) -> bytes:
    """What the database stores: HMAC-SHA256 of the secret under the pepper."""
    return hmac.digest(pepper.encode(), f"{key.id}:{key.secret}".encode(), hashlib.sha256)


def matches(key: ApiKey, stored: bytes | None, pepper: str) -> bool:
    """Whether `key` is the one stored; takes the same time for an unknown id (`stored` None)."""
    return hmac.compare_digest(secret_digest(key, pepper), stored or bytes(32)) and stored is not None


def _checksum(key_id: str, secret: str) -> str:
    return f"{zlib.crc32(f'{key_id}_{secret}'.encode()):08x}"
