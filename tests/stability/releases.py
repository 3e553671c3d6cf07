"""What releases promised: the document of each in `tests/data/openapi`, its codes of problems in `tests/data/codes`.

Neither is changed afterwards.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from tests.house.tree import ROOT

FOLDER = ROOT / "tests/data/openapi"
CODES = ROOT / "tests/data/codes"


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


def codes_of(version: str) -> dict[str, int]:
    """A release's codes of problems, with the status of each."""
    content: dict[str, int] = json.loads((CODES / f"{version}.json").read_text(encoding="utf-8"))
    return content


def store(version: str, document: dict[str, Any], codes: dict[str, int]) -> Path:
    """Keep a release's document and codes, in a form whose differences can be read."""
    path = file_of(version)
    for kept, content in ((path, document), (CODES / path.name, codes)):
        kept.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
