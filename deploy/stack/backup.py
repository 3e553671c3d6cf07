"""The program that keeps a backup of the stack it belongs to (deploy/backup), if the stack was ever told where."""

import sys
from pathlib import Path

from deploy.stack.files import write_private
from deploy.stack.folder import Folder
from deploy.stack.launching import plain_environment
from deploy.stack.problem import Trouble
from deploy.stack.program import Program

NOWHERE = Path("none")
"""`--backup none`: no more backups."""


def remembered(folder: Folder, wish: Path | None) -> Path | None:
    """Where backups go: `wish`, kept for later starts, or what an earlier start was told; None for nowhere."""
    note = folder.path / "backup"
    if wish is None:
        return Path(note.read_text()) if note.exists() else None
    if wish == NOWHERE:
        note.unlink(missing_ok=True)
        return None
    to = wish.resolve()
    if to == folder.path or folder.path in to.parents:
        raise Trouble(f"a backup in {to} would be lost with the stack", "keep it outside, best on another disk")
    write_private(note, str(to))
    return to


def backup(folder: Folder, to: Path, root: Path) -> Program:
    """`python -m deploy.backup keep`, from the tree `root`. It is stopped after the services, and sees their last word."""
    return Program(
        name="backup",
        command=(sys.executable, "-m", "deploy.backup", "keep", "--folder", str(folder.path), "--to", str(to)),
        environment=plain_environment(),
        folder=root,
        needs=("postgres", "seaweedfs"),
        stop_seconds=30.0,
    )
