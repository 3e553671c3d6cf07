"""Broken and odd files over HTTP: each is told what is wrong and where, and costs nothing; the odd ones are taken."""

import pytest

from tests.system.participants import Organiser

pytestmark = pytest.mark.system

TRUTH = b"1\n2\n3\n4\n"
GOOD = b"1 9\n2 9\n3 9\n4 9\n"

BAD = {
    "too few lines": (b"1\n2\n3\n", "found 3"),
    "too many lines": (GOOD + b"5\n", "found 5"),
    "letters": (b"1\ntabby\n3\n4\n", "letters"),
    "floats": (b"1\n2.5\n3\n4\n", "whole numbers"),
    "negative": (b"1\n-2\n3\n4\n", "negative"),
    "huge": (b"1\n99999999999999999999\n3\n4\n", "99999999"),
    "NUL bytes": (b"1\n2\0\n3\n4\n", "binary"),
    "a binary file": (bytes(range(256)) * 8, "binary"),
    "invalid UTF-8": (b"1\n\xff\xfe\xfd\n3\n4\n", ""),
    "a blank line": (b"1\n\n3\n4\n", "0"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "a web page": (b"<!DOCTYPE html><html><body>404</body></html>\n", "HTML"),
}

ODD = {
    "Windows line ends": GOOD.replace(b"\n", b"\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "no final newline": GOOD.rstrip(b"\n"),
    "commas": GOOD.replace(b" ", b","),
    "tabs and spaces": GOOD.replace(b" ", b" \t "),
    "blank lines at the end": GOOD + b"\n\n",
}


@pytest.fixture(scope="module")
def challenge(organiser: Organiser, tmp_path_factory: pytest.TempPathFactory) -> str:
    return organiser.host(tmp_path_factory.mktemp("bad-files"), TRUTH, places=2)


@pytest.mark.parametrize("name", BAD)
def test_a_broken_file_is_rejected_with_its_cause_and_costs_nothing(
    organiser: Organiser, challenge: str, name: str
) -> None:
    content, said = BAD[name]
    visitor = organiser.found(challenge)
    outcome = visitor.scored(content, name, publish=True)
    assert outcome["evaluation"]["state"] == "rejected"
    report = visitor.report(outcome["id"])
    told = [report["failure"], *report["faults"]]
    assert said in " ".join(f"{part['sentence']} {part['remedy']}" for part in told)
    assert any(part["remedy"] for part in told)
    assert visitor.standing()["remaining"] == 2
    assert outcome["id"] not in [entry["submission"] for entry in visitor.board()]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_taken_as_it_is_meant(organiser: Organiser, challenge: str, name: str) -> None:
    outcome = organiser.found(challenge).scored(ODD[name], name)
    assert outcome["evaluation"]["state"] == "scored"
    assert outcome["evaluation"]["metrics"]["top_1_error"] == 0.0
