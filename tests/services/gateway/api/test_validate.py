"""The dry run: answered with what a scorer found, counted exactly, and nothing of it is left, whoever dies on the way."""

import gzip
import hashlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from services.gateway.actions.check import WINDOW
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk, open_desk
from services.gateway.settings import CourierSettings, GatewaySettings
from services.gateway.tables import CheckRow, SubmissionRow
from shared import keys
from shared.clock import utc_now
from shared.messages import CheckNotice
from shared.queue import Queue
from shared.report import Check, Failure, FaultLine
from shared.signing import new_secret
from tests.services.gateway.answers import problem
from tests.services.gateway.checks import FILE, left_behind
from tests.services.gateway.conftest import Scorer, Team, serving
from tests.waiting import eventually

ACCEPTED = Check(outcome="accepted", task="classification", split="test", counts={"images": 4, "guesses": 8})

REJECTED = Check(
    outcome="rejected",
    task="classification",
    split="test",
    failure=Failure(code="not-a-number", sentence="Line 2 holds letters.", remedy="Write numbers."),
    faults=(FaultLine(code="not-a-number", sentence="'cat' is no number.", remedy="Write 7.", line=2, column=3),),
    fault_count=1,
)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(70) as threads:
        yield threads


@pytest.fixture(scope="module")
def hurried_url(settings: GatewaySettings, desk: Desk, tiny: str) -> Iterator[str]:
    """A gateway beside the other that has five dry runs an hour, and waits a third of a second for each."""
    with serving(settings.model_copy(update={"checks_per_hour": 5, "check_seconds": 0.3, "port": _free_port()})) as url:
        yield url


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def rows(team: Team, desk: Desk) -> list[CheckRow]:
    """The team's dry runs that count."""
    with desk.database.begin() as session:
        return list(session.scalars(select(CheckRow).where(CheckRow.team_id == team.id)))


def waiting(team: Team, desk: Desk) -> CheckRow:
    """The team's only dry run, once its file is sealed."""

    def sealed() -> list[CheckRow]:
        return [row for row in rows(team, desk) if row.digest]

    (row,) = eventually(sealed)
    return row


def heard(scorer: Scorer, check: UUID, found: Check | None = None, failure: Failure | None = None) -> bool:
    """Say as a scorer what was found; whether anybody waited for it."""
    notice = CheckNotice(check=check, scorer="tests", found=found, failure=failure)
    return bool(scorer.notify(notice).raise_for_status().json()["proceed"])


def objects_of(team: Team, desk: Desk) -> list[str]:
    """What S3 keeps of the team's dry runs."""
    return list(desk.storage.keys(keys.SUBMISSIONS, f"checks/{team.id}/"))


@pytest.mark.parametrize("content", [ACCEPTED, REJECTED], ids=["accepted", "rejected"])
def test_what_a_scorer_found_is_answered_and_nothing_is_left_of_the_file(
    team: Team, desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor, content: Check
) -> None:
    asked = pool.submit(team.validate, gzip.compress(FILE), labels="kaggle")
    row = waiting(team, desk)
    assert desk.storage.read(keys.SUBMISSIONS, row.object_key, 100) == FILE
    assert (row.digest, row.size_bytes, row.labels) == (hashlib.sha256(FILE).hexdigest(), len(FILE), "kaggle")
    assert heard(scorer, row.id, content)
    answer = asked.result()
    assert answer.status_code == 200
    assert Check.model_validate_json(answer.content) == content
    assert answer.headers["ratelimit-policy"] == '"hourly";q=60;w=3600'
    assert answer.headers["ratelimit"] == '"hourly";r=59;t=3600'
    assert objects_of(team, desk) == []
    (left,) = rows(team, desk)
    assert left.found is None
    assert not heard(scorer, row.id, content), "it is over"


def test_a_dry_run_takes_no_place_and_makes_no_submission(
    team: Team, desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor
) -> None:
    asked = pool.submit(team.validate, FILE)
    heard(scorer, waiting(team, desk).id, ACCEPTED)
    assert asked.result().is_success
    assert team.remaining() == 2
    with desk.database.begin() as session:
        assert session.scalars(select(SubmissionRow).where(SubmissionRow.team_id == team.id)).all() == []


def test_a_split_that_is_not_open_yet_can_be_tried(
    team: Team, desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor
) -> None:
    asked = pool.submit(team.validate, FILE, split="secret")
    heard(scorer, waiting(team, desk).id, ACCEPTED)
    assert asked.result().status_code == 200


def test_a_file_that_the_sandbox_does_not_bear_is_our_failure_and_says_why(
    team: Team, desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor
) -> None:
    asked = pool.submit(team.validate, FILE)
    failure = Failure(code="sandbox-memory", sentence="scoring needed more than 2,048 MiB of memory")
    heard(scorer, waiting(team, desk).id, failure=failure)
    assert failure.sentence in str(problem(asked.result(), 500, "check-failed")["detail"])
    assert objects_of(team, desk) == []


def test_a_stranger_s_word_on_a_dry_run_is_not_heard(
    team: Team, desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor
) -> None:
    asked = pool.submit(team.validate, FILE)
    check = waiting(team, desk).id
    lie = CheckNotice(check=check, scorer="stranger", found=ACCEPTED)
    problem(scorer.notify(lie, secret=new_secret()), 401, "signature-invalid")
    assert heard(scorer, check, REJECTED)
    assert asked.result().json()["outcome"] == "rejected"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "submission-empty"),
        (b"1" * 1_000_001, 413, "submission-too-large"),
        (gzip.compress(bytes(20_000_000)), 413, "submission-too-large"),
        (gzip.compress(FILE)[:-5], 400, "gzip-broken"),
    ],
    ids=["empty", "too large", "bomb", "cut gzip"],
)
def test_a_body_that_submitting_refuses_is_refused_the_same_and_leaves_nothing(
    team: Team, desk: Desk, body: bytes, status: int, code: str
) -> None:
    problem(team.validate(body), status, code)
    assert objects_of(team, desk) == []


def test_what_cannot_be_submitted_to_cannot_be_tried(found: Callable[..., Team], team: Team) -> None:
    problem(team.validate(FILE, split="never"), 404, "no-such-split")
    problem(team.validate(FILE, labels="mine"), 422, "request-invalid")
    problem(found(scopes=("read",)).validate(FILE), 403, "scope-missing")


def test_the_sixty_first_of_an_hour_is_refused_exactly_when_seventy_are_sent_at_once(
    found: Callable[..., Team], desk: Desk, scorer: Scorer, pool: ThreadPoolExecutor
) -> None:
    team = found()
    asked = [pool.submit(team.validate, FILE) for _ in range(70)]
    answer_all(team, desk, scorer, asked)
    answers = [future.result() for future in asked]
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: 10}
    assert sorted(remaining(answer) for answer in answers if answer.is_success) == list(range(60))
    refused = next(answer for answer in answers if answer.status_code == 429)
    problem(refused, 429, "too-many-checks")
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["ratelimit"].startswith('"hourly";r=0;t=')
    problem(found().validate(b""), 400, "submission-empty")  # another team's hour is its own


def answer_all(team: Team, desk: Desk, scorer: Scorer, asked: list[Future[httpx.Response]]) -> None:
    """Be the scorer of everything that the team has sent, until all is answered."""

    def answered() -> bool:
        for row in rows(team, desk):
            if row.digest and not row.finished_at:
                heard(scorer, row.id, ACCEPTED)
        return all(future.done() for future in asked)

    eventually(answered, timeout_seconds=60)


def remaining(answer: httpx.Response) -> int:
    """How many dry runs it says are left."""
    return int(answer.headers["ratelimit"].split("r=")[1].split(";")[0])


def test_one_that_no_scorer_comes_to_is_told_so_in_time_and_does_not_count(
    team: Team, desk: Desk, hurried_url: str
) -> None:
    for _ in range(6):
        answer = httpx.post(
            f"{hurried_url}/v1/challenges/tiny/tasks/classification/splits/test/validate",
            content=FILE,
            headers={"Authorization": f"Bearer {team.key}"},
        )
        problem(answer, 503, "check-unfinished")
        assert int(answer.headers["retry-after"]) > 0
    assert rows(team, desk) == []
    assert objects_of(team, desk) == []


def test_a_server_may_offer_none(team: Team, settings: GatewaySettings, desk: Desk) -> None:
    with serving(settings.model_copy(update={"checks_per_hour": 0, "port": _free_port()})) as url:
        answer = httpx.post(
            f"{url}/v1/challenges/tiny/tasks/classification/splits/test/validate",
            content=FILE,
            headers={"Authorization": f"Bearer {team.key}"},
        )
    problem(answer, 409, "checks-off")


def test_a_connection_cut_in_mid_upload_leaves_only_that_it_counts(team: Team, desk: Desk, gateway_url: str) -> None:
    host, port = gateway_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            b"POST /v1/challenges/tiny/tasks/classification/splits/test/validate HTTP/1.1\r\n"
            b"Host: here\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n"
            b"Authorization: Bearer " + team.key.encode() + b"\r\n\r\n1 2 3"
        )
        eventually(lambda: rows(team, desk))
    eventually(lambda: rows(team, desk)[0].cleared_at)
    assert objects_of(team, desk) == []


def test_a_sweep_clears_what_a_gateway_left_that_died_and_forgets_what_no_hour_counts(
    team: Team, desk: Desk, servers: Addresses
) -> None:
    settings = CourierSettings.from_mapping(environment("courier", servers))
    unheard, answered = left_behind(team, desk), left_behind(team, desk, is_finished=True)
    sweep(settings, timedelta(seconds=1))
    assert len(objects_of(team, desk)) == 2, "somebody may still wait"
    sweep(settings, timedelta(minutes=3))
    assert objects_of(team, desk) == []
    assert [row.id for row in rows(team, desk)] == [answered], f"{unheard} does not count"
    sweep(settings, WINDOW + timedelta(minutes=1))
    assert rows(team, desk) == []


def sweep(settings: CourierSettings, later: timedelta) -> None:
    """One sweep over dry runs, by a clock that is ahead."""
    with closing(open_desk(settings, "sweep tests", lambda: utc_now() + later)) as desk:
        Sweeps(desk, Queue(settings.queue_address()), settings).clear_checks()
