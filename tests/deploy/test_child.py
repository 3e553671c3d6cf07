"""A process and its log: what it says is heard, also when the log has been put aside in the meantime."""

import asyncio
import os
import sys
from pathlib import Path

from deploy.stack.child import Child
from deploy.stack.logs import LOG_BYTES, put_aside
from deploy.stack.program import Program

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


def test_a_log_that_is_put_aside_is_heard_from_its_new_beginning(tmp_path: Path) -> None:
    log = tmp_path / "sleeper.log"

    async def hear() -> tuple[str, str]:
        child = Child(Program("sleeper", SLEEPS, os.environ, tmp_path), log)
        with log.open("ab", buffering=0) as writer:
            writer.write(bytes(LOG_BYTES + 1))
            while child.news():
                continue
            put_aside(log)
            writer.write(b"and now")
        heard = child.news(), child.output()
        await child.kill()
        return heard

    assert asyncio.run(hear()) == ("and now", "and now")
