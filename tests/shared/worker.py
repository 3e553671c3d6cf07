"""A worker in a process of its own: `python -m tests.shared.worker GATE NAME DRAIN_SECONDS LEASE_SECONDS`.

Its queue is in QUEUE. Says `begin <job> <run>` and `end <job>` on standard output; a job ends when the file GATE exists.
"""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from shared.messages import Job
from shared.queue import QueueAddress, Work, WorkerPlan, work_off

LEASE_SECONDS = 1.0


def _say(*words: object) -> None:
    print(*words, flush=True)


async def _opened(gate: Path) -> None:
    while True:
        if os.access(gate, os.F_OK):
            return
        await asyncio.sleep(0.02)


async def _work(gate: Path, name: str, drain_seconds: int, lease_seconds: float) -> None:
    async def handle(job: Job, run: int) -> None:
        _say("begin", job.job_id, run)
        await _opened(gate)
        _say("end", job.job_id)

    plan = WorkerPlan(name=name, lease_seconds=lease_seconds, drain_seconds=drain_seconds)
    await work_off(QueueAddress(**json.loads(os.environ["QUEUE"])), Work(Job, plan, handle))


if __name__ == "__main__":
    logging.basicConfig(level="INFO", stream=sys.stderr)
    asyncio.run(_work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
