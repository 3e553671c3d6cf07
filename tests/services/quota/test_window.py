"""What postings mean at a moment, without a database."""

from uuid import UUID

from services.quota.window import Posting, Terms, fold, forgiven_again_at, standing, statement
from shared.messages import Standing
from tests.services.quota.ledgers import HOUR, TWO_A_WEEK, WEEK, at, posting, spent

DAY = 24 * HOUR


def stands(postings: list[Posting], seconds: float, terms: Terms = TWO_A_WEEK) -> Standing:
    return standing(fold(postings).values(), "test", terms, at(seconds))


def test_an_empty_ledger_has_every_place_free() -> None:
    found = stands([], 0)
    assert (found.remaining, found.next_free_at, found.taken) == (2, None, ())


def test_a_spent_place_returns_a_week_after_it_was_reserved_and_not_after_it_was_spent() -> None:
    ledger = [posting(1, "held", 0), posting(1, "spent", 500)]
    assert stands(ledger, WEEK - 0.000001).remaining == 1
    assert stands(ledger, WEEK).remaining == 2
    assert stands(ledger, 600).taken[0].returns_at == at(WEEK)


def test_the_next_place_is_free_when_the_oldest_returns() -> None:
    assert stands(spent(1, 0) + spent(2, 100), 200).next_free_at == at(WEEK)


def test_while_one_place_is_free_there_is_no_next_one() -> None:
    assert stands(spent(1, 0), 200).next_free_at is None


def test_a_place_that_was_given_back_does_not_count() -> None:
    released = [posting(1, "held", 0), posting(1, "released", 1, "theirs")]
    refunded = [*spent(2, 0), posting(2, "refunded", 2, "ours")]
    assert stands(released + refunded, 3).remaining == 2


def test_a_hold_that_ran_out_does_not_count() -> None:
    ledger = [posting(1, "held", 0)]
    assert stands(ledger, HOUR - 0.000001).remaining == 1
    assert stands(ledger, HOUR).remaining == 2


def test_a_full_pool_with_an_upload_under_way_is_free_when_its_hold_ends() -> None:
    assert stands([*spent(1, 0), posting(2, "held", 10)], 20).next_free_at == at(10 + HOUR)


def test_a_lowered_limit_waits_until_all_the_surplus_has_returned() -> None:
    ledger = spent(1, 0) + spent(2, 100) + spent(3, 200)
    found = stands(ledger, 300, Terms(1, WEEK, 20))
    assert (found.remaining, found.next_free_at) == (0, at(WEEK + 200))


def test_pools_are_counted_apart() -> None:
    assert stands([posting(1, "held", 0, pool="other")], 1).remaining == 2


def test_lines_of_a_place_that_left_the_window_are_passed_over() -> None:
    assert fold([posting(1, "spent", 0), posting(1, "refunded", 1, "ours")]) == {}


def test_taken_places_are_told_in_the_order_they_return() -> None:
    taken = stands([*spent(1, 0), posting(2, "held", 10)], 20).taken
    assert [(place.submission, place.state) for place in taken] == [(UUID(int=2), "held"), (UUID(int=1), "spent")]


def test_rejected_files_are_forgiven_until_the_daily_limit() -> None:
    ledger = [posting(n, "released", n, "theirs") for n in range(3)]
    assert forgiven_again_at(ledger, 4, at(10)) is None
    assert forgiven_again_at(ledger, 3, at(10)) == at(DAY)
    assert forgiven_again_at(ledger, 3, at(DAY)) is None
    assert forgiven_again_at(ledger, 2, at(10)) == at(1 + DAY)


def test_what_was_our_fault_is_always_forgiven() -> None:
    ledger = [posting(n, "refunded", n, "ours") for n in range(9)]
    assert forgiven_again_at(ledger, 1, at(10)) is None


def test_an_open_split_forgives_all_and_counts_against_no_other() -> None:
    ledger = [posting(1, "released", 0, "theirs", terms=Terms(60, HOUR, None))]
    assert forgiven_again_at(ledger, 1, at(1)) is None
    assert forgiven_again_at([posting(1, "released", 0, "theirs")], None, at(1)) is None


def test_a_statement_tells_what_came_back_within_a_day_newest_first() -> None:
    refunded = [*spent(1, 0), posting(1, "refunded", 50, "ours")]
    released = [posting(2, "held", 60), posting(2, "released", 70, "theirs")]
    elsewhere = [*spent(3, 0), posting(4, "held", 80, pool="other"), posting(4, "released", 90, "ours", pool="other")]
    found = statement(refunded + released + elsewhere, "test", TWO_A_WEEK, at(100))
    told = [(place.submission.int, place.state, place.fault, place.returned_at) for place in found.given_back]
    assert told == [(2, "released", "theirs", at(70)), (1, "refunded", "ours", at(50))]
    assert (found.remaining, found.forgiven_left) == (1, 19)
    assert statement(refunded, "test", TWO_A_WEEK, at(50 + DAY)).given_back == ()


def test_a_statement_under_terms_that_forgive_all_counts_nothing() -> None:
    rejected = [*spent(1, 0), posting(1, "refunded", 50, "theirs")]
    assert statement(rejected, "test", Terms(2, WEEK, None), at(60)).forgiven_left is None
    assert statement(rejected, "test", Terms(2, WEEK, 1), at(60)).forgiven_left == 0
    assert statement(rejected, "test", Terms(2, WEEK, 1), at(50 + DAY)).forgiven_left == 1
