"""The line of evaluations: who is handed to Redis next, and how much Redis is to hold."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from services.gateway.courier.census import Census
from services.gateway.courier.window import PAUSING_PER_PLACE, PLACES_PER_SLOT
from services.gateway.desk import Desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.settings import CourierSettings
from services.gateway.store import fleet, line, outbox
from services.gateway.store.fleet import Fleet
from services.gateway.store.line import AGAIN, ANEW, LEAST_PLACES, LIMITED, UNLIMITED
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow
from shared.messages import Alive, Job
from shared.queue import Queue
from shared.queue.health import health_key
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.posting import file
from tests.services.gateway.reports import scored

LEASE = timedelta(seconds=5)
MANY = 10_000


@pytest.fixture(autouse=True)
def window(desk: Desk) -> None:
    """Room for all, whatever other tests have left with Redis."""
    has_room(desk, MANY)


def has_room(desk: Desk, number: int) -> None:
    """Redis is to hold so many more than it was given."""
    with desk.database.begin() as session:
        fleet.allow(session, line.handed(session) + number, desk.clock())


def stand(desk: Desk, team: UUID, lane: int, number: int = 1) -> None:
    """Put so many evaluations of a team in line."""
    submission = SubmissionRow(team_id=team, challenge="tiny", task="classification", split="any")
    with desk.database.begin() as session:
        for _ in range(number):
            outbox.stand_in_line(session, uuid4(), 1, submission, lane, desk.clock())
            session.flush()


def handed(desk: Desk, number: int) -> list[tuple[UUID | None, int]]:
    """Hand so many over, one after the other: whose they are, and in which lane they were."""
    taken = []
    for _ in range(number):
        with desk.database.begin() as session:
            (row,) = outbox.claim(session, "evaluate", desk.clock(), LEASE, 1)
            outbox.done(session, row)
        taken.append((row.team_id, row.lane))
    return taken


def claimed(desk: Desk, most: int = 50) -> Sequence[OutboxRow]:
    with desk.database.begin() as session:
        return outbox.claim(session, "evaluate", desk.clock(), LEASE, most)


def test_a_thousand_of_one_team_delay_a_test_submission_by_none_and_others_by_two(desk: Desk) -> None:
    storming, tested, quiet = uuid4(), uuid4(), uuid4()
    stand(desk, storming, UNLIMITED, 1000)
    assert {team for team, _ in handed(desk, 10)} == {storming}
    stand(desk, quiet, UNLIMITED)
    stand(desk, tested, LIMITED)
    teams = [team for team, _ in handed(desk, 5)]
    assert tested in teams[:2], "a fourth of the turns may be another lane's"
    assert quiet in teams[:4]


def test_of_sixteen_turns_each_lane_has_its_own_and_none_starves(desk: Desk) -> None:
    for lane in (LIMITED, UNLIMITED, ANEW):
        stand(desk, uuid4(), lane, 40)
    for _ in range(2):
        assert Counter(lane for _, lane in handed(desk, 16)) == {LIMITED: 12, UNLIMITED: 3, ANEW: 1}


@pytest.mark.parametrize("lane", [LIMITED, UNLIMITED, ANEW])
def test_what_is_run_again_goes_before_all(desk: Desk, lane: int) -> None:
    stand(desk, uuid4(), lane, 20)
    handed(desk, 3)
    stand(desk, uuid4(), AGAIN, 2)
    assert [lane for _, lane in handed(desk, 2)] == [AGAIN, AGAIN]


def test_the_turns_of_an_empty_lane_are_the_others(desk: Desk) -> None:
    stand(desk, uuid4(), ANEW, 5)
    assert [lane for _, lane in handed(desk, 5)] == [ANEW] * 5


TEAMS = [UUID(int=number) for number in range(5)]
STEPS = st.lists(st.one_of(st.sampled_from(TEAMS), st.none()), min_size=1, max_size=40)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_team_has_no_second_turn_before_every_other_that_waits_has_had_one(
    desk: Desk, steps: list[UUID | None]
) -> None:
    waiting: Counter[UUID] = Counter()
    passed: dict[UUID, Counter[UUID]] = {team: Counter() for team in TEAMS}
    for team in [*steps, *[None] * 40]:
        if team is not None:
            stand(desk, team, UNLIMITED)
            waiting[team] += 1
        elif waiting.total():
            ((served, _),) = handed(desk, 1)
            assert served is not None
            waiting[served] -= 1
            passed[served].clear()
            for other in TEAMS:
                passed[other][served] += 1 if waiting[other] and other != served else 0
            # The round that was under way when a team came may have one turn more for each.
            assert all(count <= 2 for counts in passed.values() for count in counts.values()), passed
    assert not waiting.total()


def test_the_order_that_is_shown_is_the_order_that_is_kept(desk: Desk) -> None:
    for lane, number in ((UNLIMITED, 9), (LIMITED, 5), (ANEW, 4), (AGAIN, 1)):
        for _ in range(2):
            stand(desk, uuid4(), lane, number)
    handed(desk, 7)
    with desk.database.begin() as session:
        shown = [standing.evaluation for standing in line.in_order(session, MANY)]
    kept = []
    for _ in shown:
        with desk.database.begin() as session:
            (row,) = outbox.claim(session, "evaluate", desk.clock(), LEASE, 1)
            outbox.done(session, row)
        kept.append(UUID(row.payload["evaluation"]))
    assert shown == kept


def test_redis_is_given_no_more_than_it_is_to_hold(desk: Desk) -> None:
    stand(desk, uuid4(), UNLIMITED, 10)
    has_room(desk, 3)
    assert len(claimed(desk)) == 3
    assert not claimed(desk), "what is being handed over counts"
    has_room(desk, 5)
    assert len(claimed(desk)) == 2


def sent(team: Team, content: bytes = b"1\n2\n3\n4\n", split: str = "test") -> UUID:
    return UUID(team.submit(content, split).json()["submission"]["evaluation"]["id"])


def enqueue(desk: Desk, evaluation: UUID) -> None:
    """As if Redis had it."""
    with desk.database.begin() as session:
        changed = update(EvaluationRow).where(EvaluationRow.id == evaluation)
        session.execute(changed.values(enqueued_at=desk.clock()))
        session.execute(delete(OutboxRow))


def test_an_outcome_makes_room_for_the_next_one(team: Team, scorer: Scorer, desk: Desk) -> None:
    evaluation = sent(team)
    enqueue(desk, evaluation)
    stand(desk, uuid4(), UNLIMITED)
    has_room(desk, 0)
    assert not claimed(desk)
    assert scorer.conclude(scored(), evaluation)
    assert len(claimed(desk)) == 1


@pytest.fixture
def courier_settings(servers: Addresses, gateway_url: str) -> CourierSettings:
    return CourierSettings.from_mapping(environment("courier", servers))


def look(desk: Desk, settings: CourierSettings) -> Fleet:
    """The fleet as a courier sees it now."""

    async def once() -> None:
        queue = Queue(settings.queue_address())
        await Census(desk, queue).take()
        await queue.close()

    asyncio.run(once())
    with desk.database.begin() as session:
        seen = fleet.last(session)
    assert seen is not None
    return seen


def test_redis_holds_twice_what_the_scorers_that_are_alive_can_run(
    desk: Desk, courier_settings: CourierSettings, servers: Addresses
) -> None:
    put_away(desk)
    assert look(desk, courier_settings).places == LEAST_PLACES
    address = servers.queue_address("scorer")
    with redis.Redis(address.host, address.port, username=address.username, password=address.password) as client:
        for name, slots in (("one", 5), ("two", 3)):
            sign = Alive(name=name, lane=Job.lane, slots=slots, running=0, version="")
            client.set(health_key(Job.lane, name), sign.model_dump_json(), px=5000)
        # One of a version before tells no slots, and has one at least.
        client.set(health_key(Job.lane, "old"), "alive", px=5000)
        assert look(desk, courier_settings).places == PLACES_PER_SLOT * 9
        client.delete(*(health_key(Job.lane, name) for name in ("one", "two", "old")))


def test_what_redis_has_lost_holds_up_nothing(team: Team, desk: Desk, courier_settings: CourierSettings) -> None:
    put_away(desk)
    for number in range(2):
        enqueue(desk, sent(team, file(number)))
    assert look(desk, courier_settings).places == LEAST_PLACES + 2
    stand(desk, uuid4(), UNLIMITED, 10)
    assert len(claimed(desk)) == LEAST_PLACES


def test_what_pauses_before_another_run_holds_up_nothing(
    team: Team, desk: Desk, courier_settings: CourierSettings, servers: Addresses
) -> None:
    put_away(desk)
    evaluation = sent(team)
    enqueue(desk, evaluation)
    address = servers.queue_address("scorer")
    with redis.Redis(address.host, address.port, username=address.username, password=address.password) as client:
        now = int(time.time() * 1000)
        for due_at, places in ((now, LEAST_PLACES), (now + 60_000, LEAST_PLACES + 1)):
            client.zadd(Job.lane, {str(evaluation): due_at})
            assert look(desk, courier_settings).places == places
        client.zrem(Job.lane, str(evaluation))


def test_where_everything_pauses_little_more_is_handed_over(
    team: Team, desk: Desk, courier_settings: CourierSettings, servers: Addresses
) -> None:
    put_away(desk)
    most = PAUSING_PER_PLACE * LEAST_PLACES
    evaluations = [sent(team, file(number), "validation") for number in range(most + 3)]
    for evaluation in evaluations:
        enqueue(desk, evaluation)
    address = servers.queue_address("scorer")
    with redis.Redis(address.host, address.port, username=address.username, password=address.password) as client:
        later = int(time.time() * 1000) + 60_000
        client.zadd(Job.lane, {str(evaluation): later for evaluation in evaluations})
        assert look(desk, courier_settings).places == LEAST_PLACES + most
        client.zrem(Job.lane, *map(str, evaluations))


def put_away(desk: Desk) -> None:
    """Other tests leave evaluations open on purpose."""
    with desk.database.begin() as session:
        session.execute(update(EvaluationRow).where(EvaluationRow.state.in_(OPEN_STATES)).values(state="failed"))
