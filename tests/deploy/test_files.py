"""Files with secrets, and logs: what is as it should be is not written again, and what is too large is cut to what is new."""

from pathlib import Path

import pytest

from deploy.stack.files import write_private
from deploy.stack.logs import LOG_BYTES, put_aside


def test_a_file_that_is_so_already_is_left_alone_and_any_other_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    write_private(path, "one")
    first = path.stat()
    write_private(path, "one")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    write_private(path, "one", 0o640)
    assert path.stat().st_mode & 0o777 == 0o640
    write_private(path, "two", 0o640)
    assert path.read_text() == "two"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    write_private(path, "two")
    assert not path.is_symlink()
    assert [file.name for file in tmp_path.iterdir()] == ["secrets"]


@pytest.mark.parametrize("excess", [-1, 0])
def test_a_log_within_its_bounds_stays(tmp_path: Path, excess: int) -> None:
    log = tmp_path / "service.log"
    log.write_bytes(bytes(LOG_BYTES + excess))
    put_aside(log)
    assert [file.name for file in tmp_path.iterdir()] == ["service.log"]


def test_of_a_log_that_is_put_aside_the_last_bytes_are_kept_and_who_appends_goes_on(tmp_path: Path) -> None:
    log, old = tmp_path / "service.log", tmp_path / "service.log.1"
    old.write_text("older")
    with log.open("ab", buffering=0) as writer:
        writer.write(b"first" + bytes(LOG_BYTES - 4) + b"last")
        put_aside(log)
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    assert old.stat().st_size == LOG_BYTES
    assert old.read_bytes().endswith(b"last")


def test_a_log_that_there_is_no_room_to_copy_stays(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_bytes(bytes(LOG_BYTES + 1))
    # A device that is always full stands for the disk.
    log.with_suffix(".log.1").symlink_to("/dev/full")
    put_aside(log)
    assert log.stat().st_size == LOG_BYTES + 1
