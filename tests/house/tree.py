"""The repository as these tests see it: its committed files, its modules, its Markdown."""

import ast
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

MADE = {
    "__pycache__", ".git", ".venv", ".holdout", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache",
    ".hypothesis", ".import_linter_cache",
}  # fmt: skip
"""Folders that tools and runs make."""

CODE = ("shared", "services", "deploy", "tests", "benchmarks")


@cache
def committed() -> tuple[Path, ...]:
    """Every committed file that is there, absolute; in an unpacked archive, every file but those that are made."""
    git = shutil.which("git") or "false"
    listing = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    paths = [ROOT / place for place in listing.stdout.split("\0") if place]
    if listing.returncode:
        paths = [path for path in sorted(ROOT.rglob("*")) if not MADE & set(path.relative_to(ROOT).parts)]
    return tuple(path for path in paths if path.is_file())


def modules(*folders: str) -> list[Path]:
    """The committed Python files below `folders`."""
    return [path for path in committed() if path.suffix == ".py" and name(path).split("/")[0] in folders]


def name(path: Path) -> str:
    """`path` from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def text(place: str) -> str:
    """A file of the repository, by its place from the top."""
    return (ROOT / place).read_text(encoding="utf-8")


def papers() -> list[Path]:
    """The committed Markdown."""
    return [path for path in committed() if path.suffix == ".md"]
