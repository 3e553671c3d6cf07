"""What a point holds, on real servers: everything of its moment, nothing half, and nothing longer than asked for."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.backup.bases import all_bases
from deploy.backup.catalogue import Kept, Where, contents_of
from deploy.backup.keeping import Keeping, Plan, Source
from deploy.backup.looping import now
from deploy.backup.place import Place
from deploy.backup.points import Point, all_points
from deploy.backup.verifying import log_files, verify_point
from deploy.stack.problem import Trouble
from shared.clock import utc_now
from shared.digests import digest_of
from shared.keys import SUBMISSIONS
from shared.storage import PART_BYTES, Storage

PLAN = Plan()


def objects(place: Place, point: Point) -> dict[Where, Kept]:
    return contents_of(place.catalogue(point.base), point.catalogue_bytes, point.catalogue_digest).objects


@pytest.fixture
def key(storage: Storage) -> str:
    key = f"{uuid4()}/{uuid4()}"
    storage.put(SUBMISSIONS, key, b"predictions")
    return key


def test_a_point_holds_every_object_and_another_program_goes_on_from_it(
    source: Source, place: Place, storage: Storage, key: str
) -> None:
    large = bytes(PART_BYTES + 1)
    upload = storage.upload(SUBMISSIONS, f"{key}.large")
    upload.write(large)
    upload.finish()
    first, second = (_keeping(source, place, points=1, for_good=for_good) for for_good in (False, True))
    for name, content in ((key, b"predictions"), (f"{key}.large", large)):
        kept = objects(place, first[0])[SUBMISSIONS, name]
        assert kept.digest == digest_of(content)
        assert place.object(kept.digest).read_bytes() == content
    assert (first[0].stream, first[0].base) == (second[0].stream, second[0].base)
    assert objects(place, first[0]) == objects(place, second[0])
    verify_point(place, second[0])


def test_what_is_deleted_is_in_the_first_point_after_and_is_forgotten_with_the_last_base_that_had_it(
    source: Source, place: Place, storage: Storage
) -> None:
    key, content = f"{uuid4()}/{uuid4()}", uuid4().bytes
    storage.put(SUBMISSIONS, key, content)
    keeping = Keeping(source, place, Plan(), lambda _: None, utc_now)
    keeping.point()
    storage.delete(SUBMISSIONS, key)
    # Deleted after the one's mark or before it: only the next can tell.
    with_it, without = keeping.point(), keeping.point()
    keeping.close()
    assert (SUBMISSIONS, key) in objects(place, with_it)
    assert (SUBMISSIONS, key) not in objects(place, without)
    assert place.object(digest_of(content)).exists()

    last = _keeping(source, place, points=2, for_good=True, plan=Plan(base_hours=0, bases=1))[-1]
    assert [base.name for base in all_bases(place)][-1] == last.base
    assert not {point.base for point in all_points(place)} & {with_it.base, without.base}
    assert not place.object(digest_of(content)).exists()
    verify_point(place, last)


def _keeping(source: Source, place: Place, points: int, for_good: bool, plan: Plan = PLAN) -> list[Point]:
    """Points of a program of its own."""
    keeping = Keeping(source, place, plan, lambda _: None, utc_now)
    try:
        return [keeping.point() for _ in range(points)]
    finally:
        keeping.close(for_good)


def test_after_a_gap_there_is_a_new_base_and_nothing_holds_the_log_back(source: Source, place: Place) -> None:
    first, second = (now(source, place, lambda _: None, utc_now) for _ in range(2))
    assert first.stream != second.stream
    assert first.base != second.base
    verify_point(place, second)
    with psycopg.connect(source.addresses.database_url("admin")) as admin:
        assert admin.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,)


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_every_kind_of_damage_is_found(source: Source, place: Place, key: str) -> None:
    point = now(source, place, lambda _: None, utc_now)
    data = place.base(point.base) / "data"
    for path in (
        place.object(objects(place, point)[SUBMISSIONS, key].digest),
        place.catalogue(point.base),
        place.secrets(point.secrets),
        data / "PG_VERSION",
    ):
        good = path.read_bytes()
        damaged(path)
        with pytest.raises(Trouble, match=r"damaged|pg_verifybackup"):
            verify_point(place, point)
        path.write_bytes(good)
    verify_point(place, point)
    log_files(place, point)[0].unlink()
    with pytest.raises(Trouble, match="missing"):
        verify_point(place, point)
