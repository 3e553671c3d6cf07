"""The courier's settings; nothing is owed before and after each of its tests."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.tables import OutboxRow
from tests.services.gateway.courier.draining import Moment


@pytest.fixture(scope="session")
def courier_settings(servers: Addresses) -> CourierSettings:
    """The courier's settings, as the stack gives them."""
    return CourierSettings.from_mapping(environment("courier", servers))


@pytest.fixture
def moment(desk: Desk) -> Moment:
    """A clock in our hands, which says what the desk's says."""
    moment = Moment()
    moment.now = desk.clock()
    return moment


@pytest.fixture(autouse=True)
def empty(desk: Desk) -> Iterator[None]:
    def clear() -> None:
        with desk.database.begin() as session:
            session.execute(delete(OutboxRow))

    clear()
    yield
    clear()
