"""The API does what its OpenAPI document says: schemathesis with all its checks, from outside, on a whole stack.

Short among the other tests: what reads, and `submit`, at the edges of every parameter. `make fuzz` is the long one: every
operation, random values, and chains of calls; FUZZ_EXAMPLES is how many cases each operation gets.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.gateway.api.practice import CHALLENGE, SPLIT
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
EVERYTHING = ("--max-examples", EXAMPLES or "1", "--continue-on-failure")
SHORT = ("--phases", "examples,coverage", "--include-method", "GET", "--include-operation-id", "submit")
CASES = re.compile(r"(\d+) generated, (\d+) passed")


def test_every_answer_is_as_the_document_describes_it(stack: Stack, organiser: Organiser, tmp_path: Path) -> None:
    bearer = f"Authorization: Bearer {organiser.found(CHALLENGE, SPLIT).key}"
    chosen = EVERYTHING if EXAMPLES else SHORT
    command = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run")
    done = subprocess.run(
        (
            *command,
            f"{stack.gateway_url}/openapi.json",
            "--checks",
            "all",
            *chosen,
            "--no-color",
            "--header",
            bearer,
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = CASES.search(done.stdout)
    assert cases is not None
    assert cases[1] == cases[2]
    assert int(cases[1]) > 100
