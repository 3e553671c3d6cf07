"""The codes of problems that requests are answered with, and their statuses, as docs/api.md has them.

That page is held against the code by `tests/house/test_codes.py`: what it says is what is answered.
"""

import re

from tests.house.tree import text

SECTION = re.compile(r"^### Answers to a request$(.*?)^### ", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (\d{3}) \| \S", re.MULTILINE)


def codes_in(page: str) -> dict[str, int]:
    """Code → status."""
    section = SECTION.search(page)
    assert section is not None, "the page has no such section"
    return {code: int(status) for code, status in ROW.findall(section[1])}


def codes_of_today() -> dict[str, int]:
    """Those of this tree."""
    return codes_in(text("docs/api.md"))
