"""The examples of docs/api.md work: what our courier signs, they accept, and nothing else."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.signing import new_secret, sign
from tests.house.tree import text

BODY = b'{"type":"evaluation.scored","data":{}}'

Verify = Callable[[str, dict[str, str], bytes], None]


def example(language: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text("docs/api.md"), re.MULTILINE | re.DOTALL)
    (found,) = (str(block) for block in blocks if "verify" in block)
    return found


def in_python(secret: str, headers: dict[str, str], body: bytes) -> None:
    names: dict[str, Any] = {}
    exec(compile(example("python"), "docs/api.md", "exec"), names)  # noqa: S102 - our own page
    names["verify"](secret, headers, body)


def in_node(secret: str, headers: dict[str, str], body: bytes) -> None:
    arguments = ", ".join(map(json.dumps, (secret, headers)))
    program = f"{example('js')}\nverify({arguments}, Buffer.from({json.dumps(body.decode())}));"
    command = ["node", "--input-type=module", "--eval", program]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise ValueError("refused")


@pytest.fixture(params=[in_python, in_node], ids=["python", "node"])
def verify(request: pytest.FixtureRequest) -> Verify:
    if request.param is in_node and shutil.which("node") is None:
        pytest.skip("node is not installed")
    chosen: Verify = request.param
    return chosen


def signed(*secrets: str, age_seconds: int = 0) -> dict[str, str]:
    return sign(secrets, "msg_1", datetime.fromtimestamp(time.time() - age_seconds, UTC), BODY)


def test_the_example_takes_what_we_sign_also_while_a_secret_is_changed_over(verify: Verify) -> None:
    old, new = new_secret(), new_secret()
    verify(new, signed(new), BODY)
    verify(old, signed(new, old), BODY)


def test_the_example_refuses_another_secret_another_body_and_an_old_message(verify: Verify) -> None:
    secret = new_secret()
    fresh, old = signed(secret), signed(secret, age_seconds=600)
    for key, headers, body in ((new_secret(), fresh, BODY), (secret, fresh, BODY + b" "), (secret, old, BODY)):
        with pytest.raises(ValueError, match=r"stale|not signed|refused"):
            verify(key, headers, body)
