"""No form of an address leads us into our own network: not when it is registered, and not when it is called."""

import asyncio
import dataclasses
from collections.abc import Sequence
from ipaddress import ip_address
from uuid import uuid4

import httpcore
import pytest

from services.gateway.actions.endpoints import Draft, register
from services.gateway.actions.teams import found_team
from services.gateway.addresses import Address, may_call
from services.gateway.courier.dial import GuardedBackend, guarded_pool
from services.gateway.desk import Desk
from services.gateway.store import endpoints
from shared.errors import Refused
from tests.services.gateway.closed import ADDRESSES, FORMS


@pytest.fixture(scope="module")
def strict(desk: Desk) -> Desk:
    """A desk whose operator names no private network, as by default."""
    return dataclasses.replace(desk, settings=desk.settings.model_copy(update={"private_networks": ""}))


def test_there_are_a_hundred_forms_and_more() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 130


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_a_closed_address_is_not_registered(strict: Desk, form: str) -> None:
    team = found_team(strict, f"team {uuid4().hex[:12]}").id
    with pytest.raises(Refused, match="endpoint-refused"):
        register(strict, team, Draft(form))
    with strict.database.begin() as session:
        assert endpoints.of_team(session, team) == []


class Noting(httpcore.AnyIOBackend):
    """A transport that dials nothing, and notes what it was asked to."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        raise httpcore.ConnectError("only noted")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_got_into_the_database_all_the_same_dials_nothing_that_is_closed(form: str) -> None:
    transport = Noting()

    async def call() -> None:
        guard = GuardedBackend((), transport=transport)
        async with httpcore.AsyncConnectionPool(network_backend=guard) as pool, asyncio.timeout(20):
            await pool.request("POST", form, content=b"{}")

    with pytest.raises((Refused, httpcore.ConnectError, httpcore.UnsupportedProtocol, ValueError, TypeError)):
        asyncio.run(call())
    assert all(may_call(ip_address(address)) for address in transport.dialled), "where a public name is in sight"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("public_first", [True, False])
def test_a_name_with_one_closed_address_is_not_called_at_its_public_one_either(
    address: str, public_first: bool
) -> None:
    answers = [ip_address("8.8.8.8"), ip_address(address)]

    async def names(host: str, port: int) -> Sequence[Address]:
        return answers if public_first else answers[::-1]

    async def call() -> None:
        async with guarded_pool((), names) as pool:
            await pool.request("POST", "https://team.example/", content=b"{}")

    with pytest.raises(Refused, match="not on the public Internet"):
        asyncio.run(call())
