"""Dry runs as a gateway leaves them that dies on the way."""

import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

from services.gateway.desk import Desk
from services.gateway.tables import CheckRow
from shared import keys
from tests.services.gateway.conftest import Team

FILE = b"1 2 3 4 5\n2\n3\n4\n"


def left_behind(team: Team, desk: Desk, is_finished: bool = False, labels: str = "ilsvrc") -> UUID:
    """A dry run whose gateway died while it waited, or when it was about to answer."""
    check, now = uuid4(), desk.clock()
    key = keys.check_key(team.id, check)
    desk.storage.put(keys.SUBMISSIONS, key, FILE)
    with desk.database.begin() as session:
        session.add(
            CheckRow(
                id=check,
                team_id=team.id,
                challenge="tiny",
                task="classification",
                split="test",
                labels=labels,
                definition="0" * 64,
                object_key=key,
                digest=hashlib.sha256(FILE).hexdigest(),
                size_bytes=len(FILE),
                created_at=now,
                deadline_at=now + timedelta(minutes=2),
                finished_at=now if is_finished else None,
            )
        )
    return check
