"""A correction is a new version: everything is evaluated anew, nothing is charged, and the board never goes blank."""

from pathlib import Path

import pytest

from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system


def test_a_new_version_evaluates_every_submission_anew(stack: Stack, organiser: Organiser, tmp_path: Path) -> None:
    challenge = organiser.host(tmp_path, b"1\n2\n3\n4\n")
    visitor = organiser.found(challenge)
    before = visitor.scored(b"1\n2\n3\n9\n", "before the correction")
    assert before["evaluation"]["metrics"]["top_1_error"] == 0.25

    definition = tmp_path / "challenge.toml"
    definition.write_text(definition.read_text().replace("version = 1", "version = 2"))
    (tmp_path / "truth.txt").write_bytes(b"1\n2\n3\n9\n")
    organiser.publish(tmp_path, f"test={tmp_path / 'truth.txt'}")

    assert [entry["submission"] for entry in visitor.board()] == [before["id"]]
    stack.until(lambda: visitor.board()[0]["value"] == 0.0)
    after = visitor.look(before["id"])
    assert after["evaluation"]["id"] != before["evaluation"]["id"]
    assert visitor.report(before["id"])["version"] == 2
    assert visitor.standing()["remaining"] == 1
