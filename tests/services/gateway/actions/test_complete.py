"""Two calls that complete one upload, of which the first stalls after its last byte: what is accepted stays accepted."""

import asyncio
import dataclasses
import gzip
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from uuid import UUID, uuid4

import pytest

from services.gateway.actions.complete import complete
from services.gateway.actions.seal import Accepted
from services.gateway.actions.uploads import owned
from services.gateway.desk import Desk
from services.gateway.store import challenges, uploads
from services.gateway.tables import UploadRow
from shared import keys
from shared.clock import utc_now
from shared.errors import Conflict
from tests.services.gateway.api.test_submit import objects_of
from tests.services.gateway.conftest import Team
from tests.services.gateway.uploading import Uploading, opened

FILE = b"1 2 3 4 5\n2\n3\n4\n" * 300


@dataclass(frozen=True, slots=True)
class Stalling:
    """A gateway's clock that stands still as soon as the submission's bytes are in S3, and with it the gateway.

    It is ten seconds slow, so that the lease it takes has lapsed for every other.
    """

    desk: Desk
    upload: Uploading
    stands: Event
    goes_on: Event

    def __call__(self) -> datetime:
        """The time, once it goes on."""
        key = keys.submission_key(self.upload.team.id, self.upload.id)
        if key in self.desk.storage.keys(keys.SUBMISSIONS, key):
            self.stands.set()
            assert self.goes_on.wait(30)
        return utc_now() - timedelta(seconds=10)


@contextmanager
def stalled(desk: Desk, upload: Uploading) -> Iterator["Stalled"]:
    """A completion that stands still in front of sealing."""
    clock = Stalling(desk, upload, Event(), Event())
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(completed, dataclasses.replace(desk, clock=clock), upload)
        try:
            assert clock.stands.wait(30)
            yield Stalled(call, clock.goes_on)
        finally:
            clock.goes_on.set()


@dataclass(frozen=True, slots=True)
class Stalled:
    """That call."""

    call: "Future[Accepted]"
    goes_on: Event

    def outcome(self) -> Accepted:
        """What it comes to when it goes on."""
        self.goes_on.set()
        return self.call.result(30)


def completed(desk: Desk, upload: Uploading) -> Accepted:
    """Complete it as a gateway at `desk` does."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, "tiny", "classification", "test")
    return asyncio.run(complete(desk, owned(desk, upload.team.id, upload.id), venue, None))


def test_a_call_that_comes_late_changes_nothing_about_what_another_has_sealed(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE).put_all()
    with stalled(desk, upload) as late:
        assert upload.complete().status_code == 202
        assert late.outcome().submission == upload.id
    view = team.http.get(f"/v1/submissions/{upload.id}").json()
    assert (view["state"], view["evaluation"]["state"]) == ("sealed", "queued")
    assert objects_of(team, desk) == [f"{team.id}/{upload.id}"]
    assert desk.storage.read(keys.SUBMISSIONS, f"{team.id}/{upload.id}", len(FILE)) == FILE
    assert upload.view()["submission"] == str(upload.id)
    assert team.remaining() == 1


def test_a_call_that_comes_late_answers_the_earlier_submission_that_another_found(team: Team, desk: Desk) -> None:
    earlier = team.submit(FILE).json()["submission"]["id"]
    upload = opened(team, gzip.compress(FILE)).put_all()
    with stalled(desk, upload) as late:
        assert upload.complete().json()["submission"]["id"] == earlier
        accepted = late.outcome()
    assert (str(accepted.submission), accepted.reused) == (earlier, True)
    assert objects_of(team, desk) == [f"{team.id}/{earlier}"]
    assert team.remaining() == 1


def test_a_call_that_has_lost_its_lease_neither_seals_nor_ends_the_other_s(team: Team, desk: Desk) -> None:
    upload, other = opened(team, FILE).put_all(), uuid4()
    with stalled(desk, upload) as late:
        until = take_over(desk, upload, other)
        with pytest.raises(Conflict) as refused:
            late.outcome()
    assert refused.value.code == "upload-completing"
    with desk.database.begin() as session:
        row = session.get_one(UploadRow, upload.id)
        assert (row.completing_by, row.completing_until) == (other, until)
    assert upload.view()["state"] == "open"
    with desk.database.begin() as session:
        assert uploads.completing(session, upload.id, other, None)
    assert upload.complete().status_code == 202


def test_a_call_that_comes_late_to_an_upload_that_was_given_up_leaves_nothing(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE).put_all()
    with stalled(desk, upload) as late:
        assert team.http.delete(upload.path).status_code == 204
        with pytest.raises(Conflict) as refused:
            late.outcome()
    assert refused.value.code == "upload-expired"
    assert objects_of(team, desk) == []
    assert team.remaining() == 2


def take_over(desk: Desk, upload: Uploading, owner: UUID) -> datetime:
    """Take the lease as another call does; until when it has it."""
    now = utc_now()
    until = now + timedelta(seconds=60)
    with desk.database.begin() as session:
        assert uploads.begin_completing(session, upload.id, owner, now, until, now)
    return until
