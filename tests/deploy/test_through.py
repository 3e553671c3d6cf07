"""`up --through`: one program finds one server at another port, and nobody else does."""

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.command import run
from deploy.stack.environment import environment
from deploy.stack.ports import NAMES
from deploy.stack.secrets import new_secrets

ADDRESSES = Addresses(
    {name: 12_000 + number for number, name in enumerate(NAMES)}, new_secrets(), through={"courier": {"postgres": 9}}
)


def test_a_program_is_told_the_port_that_it_is_to_go_through() -> None:
    told = environment("courier", ADDRESSES.seen_by("courier"))
    assert ":9/" in told["HOLDOUT_GATEWAY_DATABASE_URL"]
    assert told["HOLDOUT_GATEWAY_REDIS_PORT"] == str(ADDRESSES.ports["valkey"])


def test_the_others_go_straight() -> None:
    for program in ("gateway", "quota", "scorer-1"):
        assert ADDRESSES.seen_by(program).ports == ADDRESSES.ports
    assert ":9/" not in ADDRESSES.database_url("admin")


@pytest.mark.parametrize("detour", ["postgres=9", "courier:oven=9", "courier:postgres", "courier:postgres=99999"])
def test_what_is_no_detour_is_a_mistake_of_usage(detour: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["up", "--through", detour])
    assert ended.value.code == 2
    assert "--through" in capsys.readouterr().err
