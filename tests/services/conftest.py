"""The real quota service, once for all tests of the services."""

from collections.abc import Iterator

import pytest

from benchmarks.quota import serving
from deploy.stack.addresses import Addresses
from services.quota.migrations import FOLDER
from shared.migrations import migrate


@pytest.fixture(scope="session")
def quota(servers: Addresses) -> Iterator[int]:
    """Quota, serving under the stack's token; gives its port."""
    port, database_url = servers.ports["quota"], servers.database_url("quota")
    migrate(database_url, FOLDER)
    with serving(port, database_url, servers.secrets.quota_token):
        yield port
