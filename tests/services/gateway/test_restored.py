"""A restored database may name parts of open uploads that are gone: it forgets them, and the team sends them again."""

from deploy.backup.catalogue import Kept, Where
from deploy.backup.mending import forget_lost_parts
from deploy.stack.addresses import Addresses
from services.gateway.desk import Desk
from shared.digests import digest_of
from shared.keys import SUBMISSIONS, part_key
from tests.services.gateway.conftest import Team
from tests.services.gateway.uploading import PART_BYTES, Uploading, opened

KEPT = Kept("a" * 64, PART_BYTES, '"mark"')


def where(upload: Uploading, number: int) -> Where:
    return SUBMISSIONS, part_key(upload.team.id, upload.id, number, digest_of(upload.part(number)))


def test_parts_that_are_not_among_the_objects_are_asked_for_again(team: Team, desk: Desk, servers: Addresses) -> None:
    upload = opened(team, b"5\n" * PART_BYTES).put_all()
    stored = {(SUBMISSIONS, key): KEPT for key in desk.storage.keys(SUBMISSIONS)}
    assert forget_lost_parts(servers, stored) == 0
    del stored[where(upload, 2)]
    desk.storage.delete(*where(upload, 2))
    assert forget_lost_parts(servers, stored) == 1
    assert [part["number"] for part in upload.view()["parts"]] == [1]
    upload.put(2).raise_for_status()
    assert upload.complete().status_code < 400
