"""The documents of releases, as they were: one file each in `tests/data/openapi`, never changed afterwards."""

import json
import tomllib
from pathlib import Path
from typing import Any

from tests.house.tree import ROOT

FOLDER = ROOT / "tests/data/openapi"


def present_version() -> str:
    """What `pyproject.toml` says: the release that this tree is, or comes after."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def file_of(version: str) -> Path:
    """Where the document of a release is."""
    return FOLDER / f"{version}.json"


def newest() -> str:
    """The version of the last release whose document is here."""
    return max((path.stem for path in FOLDER.glob("*.json")), key=_numbers)


def document_of(version: str) -> dict[str, Any]:
    """A release's document."""
    content: dict[str, Any] = json.loads(file_of(version).read_text(encoding="utf-8"))
    return content


def store(version: str, document: dict[str, Any]) -> Path:
    """Keep a release's document, in a form whose differences can be read."""
    path = file_of(version)
    path.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
