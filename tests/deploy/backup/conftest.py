"""A backup of the servers that all tests share, in a place of each test's own."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.backup.keeping import Source
from deploy.backup.place import Place
from deploy.stack.addresses import Addresses
from shared.storage import Storage


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    place = Place(tmp_path / "backup")
    place.make()
    return place


@pytest.fixture
def source(servers: Addresses, tmp_path: Path) -> Source:
    """The shared servers, with the secrets that open them."""
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps(servers.secrets.model_dump()))
    return Source(servers, secrets)


@pytest.fixture
def storage(servers: Addresses) -> Iterator[Storage]:
    """S3, as who may do everything there."""
    with closing(Storage(servers.storage_address("admin"))) as storage:
        yield storage
