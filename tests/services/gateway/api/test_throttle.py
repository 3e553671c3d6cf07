"""Bad tries of keys: slowed down by address; whoever has a good key is served."""

from dataclasses import dataclass

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.api.throttle import BURST, MOST_NAMES, REFILL_SECONDS, BadTries
from services.gateway.apikeys import ApiKey, new_key
from shared.errors import TooMany
from tests.services.gateway.conftest import Team


@dataclass
class Watch:
    """A clock in a test's hands."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def refused(tries: BadTries, name: str) -> int | None:
    """The seconds to wait; None when there is a try left."""
    try:
        tries.check(name)
    except TooMany as error:
        return error.waiting.retry_after_seconds
    return None


def test_after_a_burst_one_waits_and_is_served_after_the_time_that_was_told() -> None:
    watch = Watch()
    tries = BadTries(watch)
    for _ in range(BURST):
        tries.check("a")
        tries.spend("a")
    wait = refused(tries, "a")
    assert wait is not None
    assert refused(tries, "b") is None
    watch.now += wait
    assert refused(tries, "a") is None


@given(st.lists(st.floats(0, 10), max_size=200))
def test_in_any_time_no_more_tries_are_granted_than_the_burst_and_the_refill(pauses: list[float]) -> None:
    watch = Watch()
    tries, granted = BadTries(watch), 0
    for pause in pauses:
        watch.now += pause
        if refused(tries, "a") is None:
            tries.spend("a")
            granted += 1
    assert granted <= BURST + watch.now / REFILL_SECONDS + 1e-6


def test_what_is_remembered_is_bounded() -> None:
    tries = BadTries(Watch())
    for number in range(MOST_NAMES + BURST):
        tries.spend(str(number))
    assert len(tries._buckets) == MOST_NAMES


def ask(url: str, key: str, address: str) -> httpx.Response:
    """One request that a trusted proxy on this machine passes on for `address`."""
    headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": address}
    return httpx.get(f"{url}/v1/submissions", headers=headers)


def exhaust(url: str, key: str, address: str) -> httpx.Response:
    """The first answer that is no plain 401."""
    for _ in range(3 * BURST):
        answer = ask(url, key, address)
        if answer.status_code != 401:
            return answer
    pytest.fail("nobody was slowed down")


def test_who_guesses_waits_and_whoever_shares_the_address_does_not(team: Team, gateway_url: str) -> None:
    answer = exhaust(gateway_url, new_key().text(), "203.0.113.1")
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-bad-keys")
    assert int(answer.headers["retry-after"]) >= 1
    assert f";q={BURST};" in answer.headers["ratelimit-policy"]
    assert ask(gateway_url, "nonsense", "203.0.113.1").status_code == 429
    assert ask(gateway_url, team.key, "203.0.113.1").status_code == 200
    assert ask(gateway_url, new_key().text(), "203.0.113.2").status_code == 401


def test_a_good_key_is_served_though_others_at_its_address_guess_at_it(team: Team, gateway_url: str) -> None:
    forged = ApiKey(team.key.split("_")[1], new_key().secret).text()
    assert exhaust(gateway_url, forged, "203.0.113.3").status_code == 429
    assert ask(gateway_url, team.key, "203.0.113.3").status_code == 200
    assert ask(gateway_url, new_key().text(), "203.0.113.4").status_code == 401
