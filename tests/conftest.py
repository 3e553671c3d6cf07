"""Real servers for tests: PostgreSQL, Valkey and SeaweedFS, started once by the one-machine stack."""

from collections.abc import Generator, Iterator

import pytest

from deploy.stack.addresses import Addresses
from tests.stacks import ANY_PORT, Stack, start

STACKS = pytest.StashKey[dict[str, list[Stack]]]()
"""Running stacks by the fixture that started them; a failing test shows the logs of those it used."""


@pytest.fixture(scope="session")
def stacks(request: pytest.FixtureRequest) -> dict[str, list[Stack]]:
    """Where a fixture that starts a stack notes it, so that its logs are shown when a test fails."""
    return request.config.stash.setdefault(STACKS, {})


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, stacks: dict[str, list[Stack]]) -> Iterator[Addresses]:
    """The three servers; `.database_url(role)`, `.queue_address(user)` and `.storage_address(identity)` open them."""
    stack = start(tmp_path_factory.mktemp("servers"), "--servers-only", *ANY_PORT)
    stacks["servers"] = [stack]
    yield stack.addresses
    stack.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the ends of the logs of the stacks that a failed test used."""
    report = yield
    if report.failed:
        used = set(getattr(item, "fixturenames", ()))
        for name, running in item.config.stash.get(STACKS, {}).items():
            if name in used:
                report.sections.extend((f"logs of {stack.folder}", stack.logs()) for stack in running)
    return report
