"""The doctor and the backup: a point of now is well, an old one, one that lacks something, and none at all are not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.backup.place import Place
from deploy.backup.points import publish
from services.gateway.doctor.backups import check_backup
from services.gateway.doctor.patient import Patient
from services.gateway.doctor.told import Told
from tests.deploy.backup.test_points import point_at
from tests.services.gateway.doctor.conftest import told

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def patient(backup: Path | None, now: datetime = NOON) -> Patient:
    return Patient(Told({}), backup=backup, clock=lambda: now)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "backup")
    place.make()
    return place


@pytest.mark.parametrize(("age", "state"), [(300, "ok"), (301, "warning")])
def test_a_newest_point_of_more_than_five_minutes_is_a_warning(place: Place, age: int, state: str) -> None:
    for minutes in (-60, 0):
        publish(place, point_at(minutes))
    found = told(check_backup, patient(place.path, NOON + timedelta(seconds=age)))
    assert (found[0], "newest point is 5 min" in found[1]) == (state, True)


def test_a_newest_point_that_lacks_objects_is_a_warning(place: Place) -> None:
    publish(place, point_at(0).model_copy(update={"lacking": 3}))
    state, saw = told(check_backup, patient(place.path))
    assert (state, "lacks 3 objects" in saw) == ("warning", True)


def test_no_point_yet_is_a_warning_no_folder_is_trouble_and_no_backup_is_neither(place: Place) -> None:
    assert told(check_backup, patient(place.path))[0] == "warning"
    assert told(check_backup, patient(place.path / "gone"))[0] == "trouble"
    assert told(check_backup, patient(None))[0] == "skipped"
