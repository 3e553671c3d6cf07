"""`/v1` is stable: what a client of the last release relies on, today's document still promises."""

from typing import Any

import pytest

from tests.stability.breaks import breaks
from tests.stability.codes import codes_in, codes_of_today
from tests.stability.releases import codes_of, document_of, newest, present_version
from tests.stability.today import document_of_today

SUBMIT = "POST /v1/challenges/{challenge}/tasks/{task}/splits/{split}/submissions"
BOARD = "GET /v1/challenges/{challenge}/tasks/{task}/splits/{split}/leaderboard"
STILL_TAKEN = "taken as ever, told in words; generators of clients complain of every type of file but octet-stream"
BROKEN: dict[str, dict[str, str]] = {
    "0.1.0": {
        "GET /client.py 200 application/json: is gone": "the document was wrong: it has always been a file",
        "GET /v1/allowance 200 application/json.pools[]: Standing is named PoolView": "the same fields, and more",
        "GET /v1/allowance 200 application/json.pools[].taken[]: PlaceTaken is named PlaceView": "the same",
        "GET /v1/submissions query cursor: pattern '^[0-9]{1,17}\\\\.[0-9a-f]{32}$', not None": "it is opaque, and "
        "those of 0.1.0 ended with it",
        f"{BOARD} 200 application/json.entries[].rank: null may come now": "guests stand on the board without a rank",
        f"{BOARD} 200 application/json.entries[].rank_range: null may come now": "and so without a range",
        f"{SUBMIT} 200: is a success that nobody expects": "bytes sent before are charged no second time",
        f"{SUBMIT} body application/gzip: is gone": STILL_TAKEN,
        f"{SUBMIT} body application/x-gzip: is gone": STILL_TAKEN,
        f"{SUBMIT} body text/csv: is gone": STILL_TAKEN,
        f"{SUBMIT} body text/plain: is gone": STILL_TAKEN,
    }
}
"""By the release that they break: every exception, with its reason. CHANGELOG.md tells them; a new release begins without."""


@pytest.fixture(scope="module")
def found() -> set[str]:
    return set(breaks(document_of(newest()), document_of_today()))


def test_nothing_that_the_last_release_promised_is_broken_but_what_is_named(found: set[str]) -> None:
    unnamed = found - BROKEN.get(newest(), {}).keys()
    assert not unnamed, "\n".join(["a client of the last release breaks:", *sorted(unnamed)])


def test_every_exception_is_needed(found: set[str]) -> None:
    assert BROKEN.keys() <= {newest()}
    assert not BROKEN.get(newest(), {}).keys() - found


def test_every_code_of_the_last_release_keeps_its_status() -> None:
    today = codes_of_today()
    changed = {code: (status, today.get(code)) for code, status in codes_of(newest()).items()}
    assert not {code: both for code, both in changed.items() if both[0] != both[1]}


def test_codes_are_read_off_the_page_with_their_statuses() -> None:
    page = "### Answers to a request\n\n| `split-closed` | 409 | closed |\n### Others\n| `no-label` | – | none |\n"
    assert codes_in(page) == {"split-closed": 409}
    assert len(codes_of(newest())) >= 30


def test_the_document_of_the_last_release_is_kept() -> None:
    """Renewed at a release by `python -m tests.stability`; CONTRIBUTING.md says when."""
    assert newest() == present_version()


def test_a_release_is_compared_whole() -> None:
    document: dict[str, Any] = document_of(newest())
    assert document["info"]["title"] == "Holdout"
    assert len(document["paths"]) >= 10
    assert not breaks(document, document)
    assert breaks(document, {"paths": {}}) == sorted(
        f"{method.upper()} {path}: is gone" for path, operations in document["paths"].items() for method in operations
    )
