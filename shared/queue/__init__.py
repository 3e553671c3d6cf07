"""Redis: put jobs in, work them off, each kind in a lane of its own. JSON only; the only door to arq.

The queue rings bells, it remembers nothing that matters: the database holds every open evaluation and puts a lost job
in again. arq is bent where it would lose or delay work; docs/decisions/0011-arq-behind-one-door.md lists each place.
"""

from shared.queue.connection import QueueAddress
from shared.queue.handing import Again, Handler
from shared.queue.producer import Queue
from shared.queue.worker import IDLE_SECONDS, LeasedWorker, Work, WorkerPlan, work_off

__all__ = [
    "IDLE_SECONDS",
    "Again",
    "Handler",
    "LeasedWorker",
    "Queue",
    "QueueAddress",
    "Work",
    "WorkerPlan",
    "work_off",
]
