"""Nothing is owed before and after each test of the courier."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from services.gateway.desk import Desk
from services.gateway.tables import OutboxRow


@pytest.fixture(autouse=True)
def empty(desk: Desk) -> Iterator[None]:
    def clear() -> None:
        with desk.database.begin() as session:
            session.execute(delete(OutboxRow))

    clear()
    yield
    clear()
