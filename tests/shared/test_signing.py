"""Standard Webhooks, held against the library that its authors publish."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from shared.clock import utc_now
from shared.errors import Unauthenticated
from shared.signing import PREFIX, TOLERANCE_SECONDS, new_secret, sign, verify

BODY = json.dumps({"type": "evaluation.scored", "data": {"team": "Zürich"}}).encode()
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def test_the_library_takes_our_signature() -> None:
    secret = new_secret()
    headers = sign([secret], "msg_1", utc_now(), BODY)
    assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


def test_we_take_the_librarys_signature() -> None:
    secret, moment = new_secret(), utc_now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, BODY.decode()),
    }
    assert verify([secret], headers, BODY, moment) == "msg_1"


def test_the_moment_is_the_same_in_every_time_zone() -> None:
    secret = new_secret()
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert sign([secret], "msg_1", elsewhere, BODY) == sign([secret], "msg_1", NOW, BODY)


def test_while_secrets_rotate_either_is_enough() -> None:
    old, new = new_secret(), new_secret()
    headers = sign([new, old], "msg_1", NOW, BODY)
    assert verify([old], headers, BODY, NOW) == "msg_1"
    assert verify([new], headers, BODY, NOW) == "msg_1"
    assert verify([old, new], sign([old], "msg_1", NOW, BODY), BODY, NOW) == "msg_1"
    fresh = sign([new, old], "msg_1", utc_now(), BODY)
    assert Webhook(old).verify(BODY, fresh)


@pytest.mark.parametrize("shift", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_an_old_or_future_signature_is_refused_by_both(shift: int) -> None:
    secret = new_secret()
    now = utc_now()
    headers = sign([secret], "msg_1", now + timedelta(seconds=shift), BODY)
    with pytest.raises(Unauthenticated):
        verify([secret], headers, BODY, now)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "msg_2"),
        ("webhook-id", ""),
        ("webhook-timestamp", "1769860801"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "٣"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "nonsense"),
        ("webhook-signature", "v1,é"),
    ],
)
def test_any_changed_header_is_refused(name: str, value: str) -> None:
    secret = new_secret()
    headers = sign([secret], "msg_1", NOW, BODY) | {name: value}
    with pytest.raises(Unauthenticated):
        verify([secret], headers, BODY, NOW)


def test_a_missing_header_a_changed_body_and_another_secret_are_refused() -> None:
    secret = new_secret()
    headers = sign([secret], "msg_1", NOW, BODY)
    for tried, body, key in (({}, BODY, secret), (headers, BODY + b" ", secret), (headers, BODY, new_secret())):
        with pytest.raises(Unauthenticated):
            verify([key], tried, body, NOW)


@pytest.mark.parametrize("size", [0, 1, 23, 65])
def test_a_secret_of_the_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        sign([PREFIX + base64.b64encode(b"x" * size).decode()], "msg_1", NOW, BODY)


def test_a_secret_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        sign(["whsec_!!!"], "msg_1", NOW, BODY)
