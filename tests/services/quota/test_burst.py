"""Everybody at once: exactly the places there are are given, and nobody is refused wrongly."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from benchmarks.quota import burst, is_exact
from tests.services.quota.conftest import Service


@pytest.mark.parametrize("connections", [50, 1000])
def test_sixty_teams_with_fifty_requests_each_at_two_places_get_exactly_120(service: Service, connections: int) -> None:
    assert is_exact(burst(service.port, service.token, connections))


def test_one_submission_id_asked_for_by_many_teams_at_once_is_given_to_one(service: Service) -> None:
    submission = uuid4()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda team: service.reserve(team, submission), [uuid4() for _ in range(8)]))
    codes = sorted(answer.json().get("code", "held") for answer in answers)
    assert codes == ["held"] + ["submission-differs"] * 7


def test_one_place_settled_in_two_ways_at_once_is_settled_in_one(service: Service, team: UUID) -> None:
    submission = uuid4()
    service.reserve(team, submission)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda fault: service.settle(submission, "returned", fault), ["theirs", "ours"] * 4))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 4
    assert service.sql("SELECT count(*) FROM postings WHERE submission = %s AND kind <> 'held'", submission) == [(1,)]
