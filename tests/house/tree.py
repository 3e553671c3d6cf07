"""The repository as these tests see it: its committed files, its modules, its Markdown."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

CODE = ("shared", "services", "deploy", "tests", "benchmarks")


@cache
def committed() -> tuple[Path, ...]:
    """Every committed file that is there, absolute."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
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
