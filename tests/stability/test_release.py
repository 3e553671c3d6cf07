"""`/v1` is stable: what a client of the last release relies on, today's document still promises."""

from typing import Any

import pytest

from tests.stability.breaks import breaks
from tests.stability.releases import document_of, newest, present_version
from tests.stability.today import document_of_today

BROKEN: dict[str, dict[str, str]] = {}
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


def test_the_document_of_the_last_release_is_kept() -> None:
    """Renewed at a release by `python -m tests.stability`; CONTRIBUTING.md says when."""
    assert newest() == present_version()


def test_a_release_is_compared_whole() -> None:
    document: dict[str, Any] = document_of(newest())
    assert document["info"]["title"] == "Holdout"
    assert len(document["paths"]) >= 10
    assert not breaks(document, document)
    assert breaks(document, {"paths": {}}) == sorted(
        [f"{method.upper()} {path}: is gone" for path, operations in document["paths"].items() for method in operations]
        + [f"the way in {name!r}: is another, or gone" for name in document["components"]["securitySchemes"]]
    )
