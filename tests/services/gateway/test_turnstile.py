"""So many parts are in memory at once and no more; a team that is slow holds up no other."""

import asyncio
from uuid import UUID, uuid4

from services.gateway.turnstile import Turnstile


def most_inside(turnstile: Turnstile, teams: list[UUID]) -> int:
    """How many were inside at once, when each stays until nobody more gets in; every one gets its turn."""
    inside: list[UUID] = []
    most = served = 0

    async def pass_through(team: UUID) -> None:
        nonlocal most, served
        async with turnstile.passing(team):
            inside.append(team)
            most = max(most, len(inside))
            for _ in range(10):
                await asyncio.sleep(0)
            inside.remove(team)
            served += 1

    async def run() -> None:
        await asyncio.gather(*(pass_through(team) for team in teams))

    asyncio.run(run())
    assert served == len(teams)
    return most


def test_a_team_gets_its_share_and_waits_for_the_rest() -> None:
    assert most_inside(Turnstile(per_team=4, in_all=100), [uuid4()] * 50) == 4


def test_all_teams_together_get_no_more_than_there_is() -> None:
    assert most_inside(Turnstile(per_team=2, in_all=3), [uuid4() for _ in range(5)] * 4) == 3


def test_a_slow_team_holds_up_no_other() -> None:
    async def run() -> None:
        turnstile, slow, quick = Turnstile(per_team=2, in_all=3), uuid4(), uuid4()
        async with turnstile.passing(slow), turnstile.passing(slow):
            waiting = asyncio.create_task(turnstile.passing(slow).__aenter__())
            await asyncio.sleep(0)
            async with asyncio.timeout(5), turnstile.passing(quick):
                assert not waiting.done()
            waiting.cancel()

    asyncio.run(run())
