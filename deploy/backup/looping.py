"""`keep`: a point every few seconds until told to stop, whatever fails in between; and `now`: one point, at once."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import IO

import psycopg

from deploy.backup.keeping import Keeping, Plan, Source, clear_incoming
from deploy.backup.place import Place
from deploy.backup.points import Point, newest_point
from deploy.stack.problem import Trouble
from shared.clock import Clock
from shared.errors import Broken

PATIENCE_SECONDS = 300.0
"""How long `now` waits for the point of a program that keeps the same backup."""

LOCK_SECONDS = 3.0

LOOK_SECONDS = 0.5
"""How soon it is seen that a point is wanted."""

PASSING = (psycopg.Error, Broken, OSError)
"""What the absence of a server or of room raises."""

Tell = Callable[[str], None]


def keep(source: Source, place: Place, plan: Plan, tell: Tell, clock: Clock) -> int:
    """Keep the backup until SIGTERM or SIGINT; one last point then. Raises `Trouble` when somebody else keeps it."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    place.make()
    lock = _taken(place)
    if lock is None:
        raise Trouble(f"another program keeps the backup in {place.path}", "stop it, or name another folder")
    with lock:
        clear_incoming(place)
        keeping = Keeping(source, place, plan, tell, clock)
        tell(f"ready: a point every {plan.point_seconds:g} s, in {place.path}")
        while not stopping.is_set():
            due = time.monotonic() + plan.point_seconds
            place.wanted.unlink(missing_ok=True)
            _try(keeping, tell)
            _wait(stopping, place, due)
        _try(keeping, tell)
        keeping.close()
    return 0


def now(source: Source, place: Place, tell: Tell, clock: Clock) -> Point:
    """A point of this moment: from the program that keeps this backup if there is one, else from here."""
    place.make()
    lock = place.take()
    if lock is None:
        return _next_point(place, clock())
    with lock:
        clear_incoming(place)
        keeping = Keeping(source, place, Plan(), tell, clock)
        try:
            return keeping.point()
        except PASSING as error:
            raise Trouble(f"no backup could be made: {error}", "is the stack up, and is there room?") from error
        finally:
            keeping.close(for_good=True)


def _taken(place: Place) -> IO[str] | None:
    """The place's lock; a program that was just killed may still be about to let it go."""
    deadline = time.monotonic() + LOCK_SECONDS
    while (lock := place.take()) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return lock


def _try(keeping: Keeping, tell: Tell) -> None:
    try:
        point = keeping.point()
        tell(f"point {point.name}: {point.in_words()}")
    except (*PASSING, Trouble) as error:
        tell(f"no point this time: {error}")


def _wait(stopping: threading.Event, place: Place, due: float) -> None:
    while time.monotonic() < due and not place.wanted.exists() and not stopping.is_set():
        stopping.wait(min(LOOK_SECONDS, max(0.0, due - time.monotonic())))


def _next_point(place: Place, moment: datetime) -> Point:
    place.wanted.touch()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        point = newest_point(place)
        if point is not None and point.at > moment:
            return point
        time.sleep(0.2)
    raise Trouble("the program that keeps this backup publishes no point", "its log, logs/backup.log, says why")
