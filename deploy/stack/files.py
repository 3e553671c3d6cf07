"""Files with secrets: closed to others, and whole or not there at all."""

import os
import stat
from pathlib import Path


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text` to `path` for our eyes, or those that `mode` names, so that nobody ever sees half of it.

    A file that is so already is left alone: a program that is started again on a full disk needs no room for it.
    """
    if _is_so(path, text.encode(), mode):
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _is_so(path: Path, content: bytes, mode: int) -> bool:
    try:
        return path.lstat().st_mode == stat.S_IFREG | mode and path.read_bytes() == content
    except OSError:
        return False
