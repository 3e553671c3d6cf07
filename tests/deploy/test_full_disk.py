"""What SeaweedFS says of a full disk means that it must be started anew as soon as there is room, and not before."""

from pathlib import Path

from deploy.stack.servers.seaweedfs import remembers_a_full_disk

SAYS = "CreateEntry: insert entry /buckets/reports/1.json: write filerldb2/05/000006.log: no space left on device"


def test_it_is_lost_when_it_fails_for_want_of_room_that_there_is(tmp_path: Path) -> None:
    assert remembers_a_full_disk(SAYS, tmp_path)


def test_it_is_not_while_all_is_well(tmp_path: Path) -> None:
    assert not remembers_a_full_disk("volume server started", tmp_path)


def test_it_is_not_while_there_is_no_room(tmp_path: Path) -> None:
    # No disk has so much.
    assert not remembers_a_full_disk(SAYS, tmp_path, room_bytes=2**80)
