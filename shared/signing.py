"""Standard Webhooks 1.0.0: sign, verify, rotate. Used for the scorer's notices and for teams' endpoints.

The signature is HMAC-SHA256 over `id.timestamp.body`; `webhook-signature` is a list, so that an old and a new secret
can both be valid while a receiver changes over.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.errors import Unauthenticated

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
"""How far a timestamp may be from now; the standard's own figure. Bounds replay."""
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""Bytes, by the standard."""


def new_secret() -> str:
    """A fresh secret, `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(keys: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that sign `body`, one signature per secret in `keys`; `at` is the moment of this attempt."""
    timestamp = str(int(at.timestamp()))
    signatures = [f"v1,{_signature(key, message_id, timestamp, body)}" for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def verify(keys: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message id, when one of `keys` signed `body` within five minutes of `now`; else raises `Unauthenticated`."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    offered = [part[3:] for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    fresh = (
        timestamp.isdecimal()
        and timestamp.isascii()
        and abs(int(timestamp[:15]) - now.timestamp()) <= TOLERANCE_SECONDS
    )
    expected = [_signature(key, message_id, timestamp, body) for key in keys]
    # Every pair is compared, so that the time taken tells nothing of which one fitted.
    matches = [hmac.compare_digest(mine.encode(), theirs.encode()) for mine in expected for theirs in offered]
    if not (message_id and fresh and any(matches)):
        raise Unauthenticated("signature-invalid", "the webhook signature is missing, stale or wrong")
    return message_id


def _signature(key: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key_bytes(key), signed, hashlib.sha256)).decode()


def _key_bytes(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is `whsec_` and base64") from error
    if not SHORTEST_KEY <= len(raw) <= LONGEST_KEY:
        raise ValueError(f"a webhook secret holds {SHORTEST_KEY} to {LONGEST_KEY} bytes")
    return raw
