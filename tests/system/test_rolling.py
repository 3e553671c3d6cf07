"""Every service is restarted once under load, and nobody notices; `make rolling` does so 20 times."""

from pathlib import Path

import pytest

from tests.rolling.clients import KINDS, TRUTH
from tests.rolling.load import under_load
from tests.rolling.run import assert_nothing_failed, assert_scored_once, roll
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system


def test_no_request_fails_and_no_file_is_lost_while_every_service_is_restarted(
    stack: Stack, organiser: Organiser, tmp_path: Path
) -> None:
    challenge = organiser.host(tmp_path, TRUTH, places=1000)
    visitors = {kind: organiser.found(challenge) for kind in KINDS}
    with under_load(stack.gateway_url, visitors, seed=2012) as record:
        restarts = list(roll(stack, rounds=1))
        # Each kind of client has had something accepted or answered meanwhile.
        assert {asked.kind for asked in record.between(restarts[0].began, restarts[-1].ended)} == set(KINDS)
    assert_nothing_failed(record)
    assert_scored_once(organiser.desk, record, stack.until)
