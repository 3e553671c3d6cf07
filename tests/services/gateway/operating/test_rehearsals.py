"""A rehearsal of a restore is recorded once, however often it is said; what is none is refused."""

import json
from pathlib import Path

import pytest

from deploy.stack.addresses import Addresses
from services.gateway.actions.rehearsals import remember
from services.gateway.desk import Desk
from services.gateway.store import rehearsals
from shared.errors import Unreadable
from tests.services.gateway.operating.running import command

FOUND = {
    "at": "2026-11-20T03:00:00+00:00",
    "seconds": 41.5,
    "submissions": 10_000,
    "rpo_seconds": 12.0,
    "identical": True,
}


def test_the_last_rehearsal_is_remembered_once(desk: Desk, servers: Addresses, tmp_path: Path) -> None:
    file = tmp_path / "last-rehearsal.json"
    file.write_text(json.dumps(FOUND))
    said = [command(servers, "rehearsed", "--file", str(file)).stdout for _ in range(2)]
    rehearsal = "rehearsal of 2026-11-20 03:00 UTC"
    assert said == [f"{rehearsal} {state}: 10000 submissions in 41.5 s\n" for state in ("recorded", "known already")]
    file.write_text(json.dumps(FOUND | {"at": "2026-11-19T03:00:00+00:00", "identical": False}))
    remember(desk, file)
    with desk.database.begin() as session:
        row = rehearsals.last(session)
    assert row is not None
    assert (row.at.isoformat(), row.seconds, row.identical) == (FOUND["at"], 41.5, True)


@pytest.mark.parametrize(
    "content", ["", "{}", json.dumps(FOUND | {"seconds": -1}), json.dumps(FOUND | {"at": "2026-11-20T03:00:00"})],
    ids=["empty", "nothing", "negative", "no time zone"],
)  # fmt: skip
def test_what_is_no_rehearsal_is_refused(desk: Desk, tmp_path: Path, content: str) -> None:
    file = tmp_path / "last-rehearsal.json"
    file.write_text(content)
    with pytest.raises(Unreadable, match="rehearsal-unreadable"):
        remember(desk, file)
    with pytest.raises(Unreadable, match="cannot be read"):
        remember(desk, tmp_path / "nothing")
