"""The client as servers hand it out, in a file that tests run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from services.gateway.handout import handout


@cache
def client_file() -> Path:
    """`client.py`, written once a process and gone with it."""
    folder = Path(tempfile.mkdtemp(prefix="holdout-client-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / "client.py"
    path.write_text(handout(), encoding="utf-8")
    return path
