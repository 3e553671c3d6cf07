"""Every code that a person or program can meet is written down, with its status; and no other is."""

import re
from http import HTTPStatus

from shared.errors import Unreadable
from tests.house.codes import raised, told
from tests.house.tree import ROOT, text

CODE_ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (\d{3}|–) \| \S", re.MULTILINE)
"""A row of the tables of docs/api.md: code, status (– where there is no HTTP), meaning."""

BY_HTTP = {status.phrase.lower().replace(" ", "-") for status in HTTPStatus}
"""Codes that FastAPI's own refusals get: `not-found`, `method-not-allowed` …"""


def documented() -> dict[str, str]:
    return dict(CODE_ROW.findall(text("docs/api.md")))


def fits(pattern: str, names: set[str]) -> set[str]:
    return {name for name in names if re.fullmatch(pattern, name)}


def of_tasks() -> set[str]:
    """What the tasks' pages name: among it, the faults and notes of their files."""
    pages = [path.read_text() for path in (ROOT / "docs/tasks").glob("*.md")]
    return set(re.findall(r"`([a-z0-9-]+)`", "\n".join(pages)))


def test_every_error_code_is_in_the_tables_of_the_api_page_with_its_status() -> None:
    rows = documented()
    wrong = [
        f"{pattern} ({status})"
        for pattern, status in sorted(raised())
        if not any(rows[name] in (str(status), "–") for name in fits(pattern, set(rows)))
        and not (status == Unreadable.status and fits(pattern, of_tasks()))
    ]
    assert not wrong, "not in docs/api.md, or with another status: " + ", ".join(wrong)


def test_every_fault_note_and_failure_is_on_the_api_page_or_on_a_task_s_page() -> None:
    unknown = sorted(pattern for pattern in told() if not fits(pattern, set(documented()) | of_tasks()))
    assert not unknown, "neither in docs/api.md nor in docs/tasks: " + ", ".join(unknown)


def test_no_code_is_documented_that_nothing_says() -> None:
    said = {pattern for pattern, _ in raised()} | told()
    ghosts = [
        name
        for name in documented()
        if name not in BY_HTTP and not any(re.fullmatch(pattern, name) for pattern in said)
    ]
    assert not ghosts, "documented, but nothing says it: " + ", ".join(ghosts)
