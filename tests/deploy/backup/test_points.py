"""Points and catalogues as files: which is chosen, what a crash leaves, what is refused with words."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.backup.__main__ import main
from deploy.backup.bases import Stretch, place_in_log
from deploy.backup.catalogue import Catalogue, Kept, contents_of
from deploy.backup.place import Place
from deploy.backup.points import Point, chosen_point, newest_point, publish, stamp
from deploy.backup.receiver import SEGMENT_BYTES
from deploy.stack.problem import Trouble

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
KEPT = Kept("a" * 64, 3, '"mark"')


def point_at(minutes: int) -> Point:
    at = NOON + timedelta(minutes=minutes)
    return Point(
        name=stamp(at),
        at=at,
        base="base",
        stream="stream",
        lsn="0/3000060",
        secrets="0" * 64,
        catalogue_bytes=0,
        catalogue_digest="0" * 64,
        objects=0,
        object_bytes=0,
    )


@pytest.fixture
def points(place: Place) -> list[Point]:
    points = [point_at(minutes) for minutes in range(3)]
    for point in points:
        publish(place, point)
    return points


def test_a_point_is_chosen_by_name_by_time_or_as_the_last(place: Place, points: list[Point]) -> None:
    assert newest_point(place) == chosen_point(place, None) == points[2]
    assert chosen_point(place, points[0].name) == points[0]
    assert chosen_point(place, "2026-08-01T12:01:59Z") == points[1]
    assert chosen_point(place, "2026-08-01T14:01:00+02:00") == points[1]


@pytest.mark.parametrize("wish", ["yesterday", "2026-08-01T12:01:59", "2026-08-01T11:59:59Z"])
def test_a_wish_that_fits_no_point_is_refused(place: Place, points: list[Point], wish: str) -> None:
    assert points
    with pytest.raises(Trouble):
        chosen_point(place, wish)


def test_a_half_written_line_of_a_catalogue_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.jsonl"
    first = Catalogue(path)
    first.put(("bucket", "one"), KEPT)
    first.close()
    with path.open("a") as file:
        file.write('["put", "bucket", "tw')
    with closing(Catalogue(path)) as second:
        second.put(("bucket", "three"), KEPT)
        second.make_lasting()
        objects = contents_of(path, second.length, second.digest).objects
        assert objects == {("bucket", "one"): KEPT, ("bucket", "three"): KEPT}
        second.gone(("bucket", "one"))
        second.make_lasting()
        assert contents_of(path, second.length, second.digest).objects == {("bucket", "three"): KEPT}


def test_the_log_s_files_are_named_as_postgresql_names_them() -> None:
    stretch = Stretch(timeline=2, start=place_in_log("0/FF000028"))
    assert stretch.segments(place_in_log("1/1000060")) == [
        "0000000200000000000000FF",
        "000000020000000100000000",
        "000000020000000100000001",
    ]
    assert stretch.segments(place_in_log("1/0")) == ["0000000200000000000000FF"]
    assert SEGMENT_BYTES == 2**24


def test_a_restore_refuses_a_folder_that_exists(
    place: Place, points: list[Point], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert points
    (tmp_path / "stack").mkdir()
    assert main(["restore", "--from", str(place.path), "--folder", str(tmp_path / "stack")]) == 1
    assert "nothing is restored over anything" in capsys.readouterr().err


def test_a_folder_without_a_backup_and_a_stack_that_does_not_run_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--from", str(tmp_path)]) == 1
    assert main(["now", "--to", str(tmp_path / "backup"), "--folder", str(tmp_path / "stack")]) == 1
    errors = capsys.readouterr().err
    assert "there is no backup in" in errors
    assert "no stack runs in" in errors


def test_two_programs_never_keep_one_backup(place: Place) -> None:
    with place.take() or pytest.fail("nobody has it"):
        assert place.take() is None
    with place.take() or pytest.fail("nobody has it any more"):
        pass
