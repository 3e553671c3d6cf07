"""What may be posted next, and what is said when it may not."""

from uuid import UUID

import pytest

from services.quota import verdicts
from services.quota.window import Posting, fold
from shared.errors import Conflict, HoldoutError, TooMany, Unreadable
from shared.messages import Settlement
from tests.services.quota.ledgers import HOUR, WEEK, at, posting, request, spent

SPENT = Settlement(to="spent")
THEIRS = Settlement(to="returned", fault="theirs")
OURS = Settlement(to="returned", fault="ours")


def settled(ledger: list[Posting], settlement: Settlement, seconds: float) -> str | None:
    posted = verdicts.settle(fold(ledger)[UUID(int=1)], settlement, at(seconds), ledger)
    return posted.kind if posted else None


def refusal(ledger: list[Posting], settlement: Settlement, seconds: float) -> str:
    with pytest.raises(HoldoutError) as caught:
        settled(ledger, settlement, seconds)
    return caught.value.code


def test_a_free_place_is_held_until_its_hold_ends() -> None:
    held = verdicts.reserve(request(1), at(0), [])
    assert held is not None
    assert (held.kind, held.at, held.expires_at) == ("held", at(0), at(HOUR))


def test_the_third_is_refused_with_the_time_of_the_next_free_place_rounded_up() -> None:
    with pytest.raises(TooMany) as caught:
        verdicts.reserve(request(3), at(100), spent(1, 0.5) + spent(2, 50))
    assert str(caught.value) == (
        "no-places-left: both places of this week are taken; the next is free at 2026-11-30T00:00:01Z"
    )
    waiting = caught.value.waiting
    assert (waiting.retry_after_seconds, waiting.next_free_at) == (WEEK - 99, at(WEEK + 0.5))
    assert (waiting.places, waiting.window_seconds) == (2, WEEK)


@pytest.mark.parametrize(
    ("places", "window_seconds", "sentence"),
    [
        (1, WEEK, "the only place of this week is taken"),
        (2, 24 * HOUR, "both places of the last day are taken"),
        (2, HOUR, "both places of the last hour are taken"),
        (1, 90, "the only place of the last 90 seconds is taken"),
    ],
)
def test_the_refusal_names_the_places_and_the_window(places: int, window_seconds: int, sentence: str) -> None:
    with pytest.raises(TooMany, match=sentence):
        verdicts.reserve(request(3, places=places, window_seconds=window_seconds), at(2), spent(1, 0) + spent(2, 1))


def test_a_place_that_an_upload_holds_may_return_later_than_told_and_the_refusal_says_so() -> None:
    with pytest.raises(TooMany, match="unless the upload that holds it is sealed"):
        verdicts.reserve(request(3), at(100), [*spent(1, 0), posting(2, "held", 50)])


def test_the_file_after_the_forgiven_ones_is_refused_before_its_upload() -> None:
    ledger = [posting(n, "released", n, "theirs") for n in range(20)]
    with pytest.raises(TooMany) as caught:
        verdicts.reserve(request(99), at(100), ledger)
    assert caught.value.code == "too-many-rejected"
    assert caught.value.waiting.next_free_at == at(24 * HOUR)


def test_of_two_refusals_the_longer_wait_is_told() -> None:
    rejected = [posting(n, "released", 0, "theirs") for n in range(10, 30)]
    with pytest.raises(TooMany) as caught:
        verdicts.reserve(request(3), at(100), spent(1, 0) + spent(2, 0) + rejected)
    assert caught.value.code == "no-places-left"


def test_the_same_reservation_again_posts_nothing_even_when_all_places_are_taken() -> None:
    assert verdicts.reserve(request(1), at(100), spent(1, 0) + spent(2, 1)) is None


@pytest.mark.parametrize("changes", [{"team": UUID(int=2)}, {"pool": "other"}])
def test_a_submission_id_belongs_to_one_team_and_pool(changes: dict[str, object]) -> None:
    with pytest.raises(Conflict, match="submission-differs"):
        verdicts.reserve(request(1, **changes), at(1), spent(1, 0))  # type: ignore[arg-type]


def test_a_reservation_whose_hold_ran_out_is_not_given_again() -> None:
    with pytest.raises(Conflict, match="reservation-expired"):
        verdicts.reserve(request(1), at(HOUR), [posting(1, "held", 0)])


def test_a_held_place_is_spent_or_released_and_a_spent_one_refunded() -> None:
    held = [posting(1, "held", 0)]
    assert settled(held, SPENT, 1) == "spent"
    assert settled(held, THEIRS, 1) == "released"
    assert settled(spent(1, 0), OURS, 1) == "refunded"


def test_saying_it_twice_is_saying_it_once() -> None:
    refunded = [*spent(1, 0), posting(1, "refunded", 1, "ours")]
    assert settled(spent(1, 0), SPENT, 2) is None
    assert settled(refunded, OURS, 2) is None
    assert settled(refunded, SPENT, 2) is None
    assert settled([posting(1, "held", 0), posting(1, "released", 1, "theirs")], THEIRS, 2) is None


def test_a_settled_place_stays_settled() -> None:
    released = [posting(1, "held", 0), posting(1, "released", 1, "theirs")]
    assert refusal(released, SPENT, 2) == "already-settled"
    assert refusal(released, OURS, 2) == "already-settled"
    assert refusal([*spent(1, 0), posting(1, "refunded", 1, "ours")], THEIRS, 2) == "already-settled"


def test_a_late_upload_gets_its_place_while_one_is_free() -> None:
    held = [posting(1, "held", 0)]
    assert settled([*held, *spent(2, 10)], SPENT, HOUR) == "spent"
    assert refusal([*held, *spent(2, 10), *spent(3, 10)], SPENT, HOUR) == "reservation-expired"
    assert refusal(held, SPENT, WEEK) == "reservation-expired"


def test_an_upload_in_time_keeps_its_place_however_short_the_window() -> None:
    brief = verdicts.reserve(request(1, window_seconds=60), at(0), [])
    assert brief is not None
    assert settled([brief], SPENT, 120) == "spent"


@pytest.mark.parametrize("settlement", [Settlement(to="returned"), Settlement(to="spent", fault="ours")])
def test_a_fault_is_told_for_a_returned_place_and_only_for_one(settlement: Settlement) -> None:
    with pytest.raises(Unreadable, match="fault"):
        settled([posting(1, "held", 0)], settlement, 1)
