"""What the scorer's tests share: a listener, the stores, and property tests without deadlines, which on a busy machine
measure the machine.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from deploy.stack.addresses import Addresses
from tests.services.scorer.receiver import Receiver
from tests.services.scorer.scene import Scene

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def scene(servers: Addresses, tmp_path: Path, receiver: Receiver) -> Scene:
    return Scene(servers, tmp_path / "cache", receiver)
