"""`python -m tests.rolling [RESTARTS]`: a stack of its own, 20 restarts of every service under load, 0 failed requests."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rolling.clients import KINDS, TRUTH
from tests.rolling.load import under_load
from tests.rolling.run import assert_nothing_failed, assert_scored_once, roll, table
from tests.stacks import ANY_PORT, Stack, start
from tests.system.participants import LISTEN_HERE, organising

RESTARTS = 20


@contextmanager
def _started(folder: Path) -> Iterator[Stack]:
    stack = start(folder / "stack", *ANY_PORT, settings=LISTEN_HERE)
    try:
        yield stack
    finally:
        stack.stop()


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Run it; ends with a traceback when anything failed or was lost."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else RESTARTS
    with tempfile.TemporaryDirectory() as name, _started(Path(name)) as stack, organising(stack) as organiser:
        challenge = organiser.host(Path(name), TRUTH, places=100_000)
        visitors = {kind: organiser.found(challenge) for kind in KINDS}
        with under_load(stack.gateway_url, visitors, seed=2015) as record:
            restarts = []
            for restart in roll(stack, rounds):
                restarts.append(restart)
                took = restart.ended - restart.began
                _say(f"{len(restarts)}. {restart.service} in {took:.1f} s; {len(record.failures)} failed so far")
        _say(table(record, restarts))
        assert_nothing_failed(record)
        assert_scored_once(organiser.desk, record, stack.until)
        _say(f"0 failed, 0 lost: all {len(record.accepted)} files were scored once")


if __name__ == "__main__":
    main()
