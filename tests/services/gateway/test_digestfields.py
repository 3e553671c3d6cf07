"""Digest fields of HTTP (RFC 9530): what they state, and what cannot be read."""

import base64
import hashlib

import pytest

from services.gateway.digestfields import claimed_digest
from shared.errors import Refused

SHA = hashlib.sha256(b"content")
FIELD = f"sha-256=:{base64.b64encode(SHA.digest()).decode()}:"


@pytest.mark.parametrize(
    "field", [FIELD, f"sha-512=:YQ==:, {FIELD}", f"{FIELD},md5=:YQ==:", FIELD.replace("sha-256=", " sha-256 = ")]
)
def test_the_sha256_is_found_whatever_stands_beside_it(field: str) -> None:
    assert claimed_digest(field) == SHA.hexdigest()


@pytest.mark.parametrize("field", ["", "md5=:YQ==:", "sha-512=:YQ==:", "xsha-256=:YQ==:"])
def test_other_algorithms_state_none(field: str) -> None:
    assert claimed_digest(field) is None


@pytest.mark.parametrize("field", ["sha-256=", "sha-256=abc", "sha-256=:YQ==:", "sha-256=:?:", FIELD[:-1]])
def test_one_that_cannot_be_read_is_refused(field: str) -> None:
    with pytest.raises(Refused, match="digest-malformed"):
        claimed_digest(field)
