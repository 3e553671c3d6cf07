"""The short fault run: one of each cheap kind under load. `make faults` runs five hundred of all kinds."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack.programs import ROOT
from tests.faults.plan import KINDS
from tests.stacks import need_servers

pytestmark = pytest.mark.system

SEED = 1050
CHEAP = ("kill", "stop", "hold", "flush", "publish")
FAULTS = len(CHEAP)
"""Each once. Restarts and refused webhooks have tests of their own; the rest takes long, or root."""

PATIENCE_SECONDS = 400
"""It takes one on a quiet machine; many tests may run beside it."""


def test_nothing_is_lost_or_doubled_while_everything_breaks(tmp_path: Path) -> None:
    need_servers()
    assert set(CHEAP) <= set(KINDS)
    command = (
        *(sys.executable, "-m", "tests.faults", "--faults", str(FAULTS), "--seed", str(SEED)),
        *("--only", ",".join(CHEAP), "--folder", str(tmp_path / "run")),
    )
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr[-5000:]
    assert "nothing was lost, nothing was doubled" in done.stdout
    assert f"{FAULTS:4}/{FAULTS} " in done.stdout
