"""How a command is started through `launcher.py`, here and in tests."""

import os
import sys
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


def launched(command: tuple[str, ...], flags: tuple[str, ...] = ()) -> list[str]:
    """The argument list that starts `command` tied to this process."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *flags, *command]


def plain_environment(**extra: str) -> dict[str, str]:
    """What every process gets: enough of ours to run, nothing of ours to leak."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    return {name: os.environ[name] for name in kept if name in os.environ} | extra
