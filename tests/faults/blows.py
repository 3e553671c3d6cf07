"""How each fault is inflicted: it begins, lasts, and ends within `inflict`, which says when it began."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.clock import utc_now
from tests.faults.overdue import LOOK_SECONDS
from tests.faults.plan import PUBLISH, Fault
from tests.faults.processes import frozen
from tests.faults.scene import SCORERS, Scene
from tests.faults.venue import NAME, REVISED

CATCH_SECONDS = 6.0
"""How long to wait for a scorer to have a job, and for the queue to have some: there is always something on its way."""

HELD_SECONDS = 0.5

WAITING_JOBS = 4
"""So many evaluations stand in the queue before it is emptied."""

STOP_SIGNAL = {"postgres": signal.SIGINT}
"""What asks a program to end, where that is not SIGTERM: PostgreSQL would wait for its clients."""


@dataclass(slots=True)
class Blow:
    """What was hit: when it began (monotonic, and by the clock), and the evaluations under way at what was hit.
    `taken_over`: when another scorer was seen to have begun these, where it was a scorer.
    """

    began: float = 0.0
    at: datetime = field(default_factory=utc_now)
    caught: list[UUID] = field(default_factory=list)
    taken_over: float | None = None


def inflict(scene: Scene, fault: Fault, beside: Fault | None = None) -> Blow:
    """Do it, to its end, and what comes along with it; a probe is sent as soon as all has begun."""
    blow = Blow()
    with _prepared(scene, fault, blow) as let_go, contextlib.ExitStack() as lasting:
        blow.began, blow.at = time.monotonic(), utc_now()
        HOW[fault.kind](scene, fault, lasting)
        let_go()
        if beside is not None:
            HOW[beside.kind](scene, beside, lasting)
        if fault.target != "receivers":
            scene.prober.send(REVISED if fault.kind == PUBLISH else NAME)
        _last(scene, fault, blow, max(fault.seconds, beside.seconds if beside is not None else 0.0))
    if fault.target == "receivers":
        # Who does not listen hears late by his own fault: what counts is what is sent after it.
        blow.began = time.monotonic()
        scene.prober.send()
    elif fault.kind == "lose":
        # What counts is how soon all is well when the truth is back.
        blow.began = time.monotonic()
    return blow


def _last(scene: Scene, fault: Fault, blow: Blow, seconds: float) -> None:
    """Let it last, and see meanwhile whether somebody takes over."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        look_for_takeover(scene, fault, blow)
        time.sleep(min(left, 2 * LOOK_SECONDS))


def look_for_takeover(scene: Scene, fault: Fault, blow: Blow) -> bool:
    """Whether everything that a scorer had is another's, or there was nothing."""
    if blow.taken_over is None and blow.caught and fault.target.startswith("scorer"):
        if scene.are_taken_over(blow.caught, blow.at):
            blow.taken_over = time.monotonic()
        return blow.taken_over is not None
    return True


@contextmanager
def _prepared(scene: Scene, fault: Fault, blow: Blow) -> Iterator[Callable[[], None]]:
    """Something is under way at what will be hit; the block calls what it is given to let it go on."""
    with contextlib.ExitStack() as held:
        if fault.target.startswith("scorer"):
            held.enter_context(scene.links.turned([(fault.target, "s3")], "held"))
            blow.caught = _caught(lambda: scene.open_evaluations(scorer=fault.target), 1)
        elif fault.kind in ("flush", "wipe"):
            held.enter_context(scene.links.turned([("scorer-1", "valkey"), ("scorer-2", "valkey")], "held"))
            blow.caught = _caught(scene.open_evaluations, WAITING_JOBS)
        elif fault.kind == "lose":
            scene.keeper.take_a_place()
        yield held.close


def _caught(look: Callable[[], list[UUID]], enough: int) -> list[UUID]:
    """What `look` sees for half a second: what is held stays, other work may be seen at its very end."""
    deadline, first_seen = time.monotonic() + CATCH_SECONDS, dict[UUID, float]()
    while True:
        now = time.monotonic()
        first_seen = {one: first_seen.get(one, now) for one in look()}
        held = [one for one, since in first_seen.items() if now - since >= HELD_SECONDS]
        if len(held) >= enough or now > deadline:
            return held
        time.sleep(LOOK_SECONDS)


def _kill(scene: Scene, fault: Fault, _: contextlib.ExitStack) -> None:
    scene.stack.kill(fault.target)


def _restart(scene: Scene, fault: Fault, _: contextlib.ExitStack) -> None:
    scene.stack.kill(fault.target, STOP_SIGNAL.get(fault.target, signal.SIGTERM))


def _stop(scene: Scene, fault: Fault, lasting: contextlib.ExitStack) -> None:
    lasting.enter_context(frozen(scene.stack.pid(fault.target)))


def _cut(scene: Scene, fault: Fault, lasting: contextlib.ExitStack) -> None:
    lasting.enter_context(scene.links.turned(scene.lines_of(fault.target), "cut"))


def _hold(scene: Scene, fault: Fault, lasting: contextlib.ExitStack) -> None:
    """Every other partition heals with its connections alive, as a short one does; the rest find them dead."""
    broken = fault.number % 2 == 0
    lasting.enter_context(scene.links.turned(scene.lines_of(fault.target), "held", broken))


def _flush(scene: Scene, _fault: Fault, _: contextlib.ExitStack) -> None:
    """Every key goes in one moment, as by FLUSHALL, which nobody in the stack may call."""
    with contextlib.closing(scene.queue()) as queue:
        keys = list(queue.scan_iter(count=10_000))
        if keys:
            queue.delete(*keys)


def _wipe(scene: Scene, fault: Fault, _: contextlib.ExitStack) -> None:
    """Its files go, and then it does: it comes back with nothing."""
    shutil.rmtree(scene.stack.folder / "valkey" / "appendonlydir")
    os.kill(scene.stack.pid(fault.target), signal.SIGKILL)


def _full(scene: Scene, _fault: Fault, lasting: contextlib.ExitStack) -> None:
    assert scene.disk is not None, "without a small disk there is no such fault"
    lasting.enter_context(scene.disk.full())


def _misbehave(scene: Scene, fault: Fault, lasting: contextlib.ExitStack) -> None:
    lasting.enter_context(scene.receivers.behaving(fault.kind))  # type: ignore[arg-type]


def _publish(scene: Scene, fault: Fault, _: contextlib.ExitStack) -> None:
    """Every other time whoever publishes dies when the version is there, and nothing is evaluated anew yet."""
    scene.organiser.begin_publishing(dies=fault.number % 2 == 0)


def _lose(scene: Scene, _fault: Fault, lasting: contextlib.ExitStack) -> None:
    """No scorer has the truth of the new version before it is away."""
    lasting.callback(scene.organiser.bring_truth_back)
    with scene.links.turned([(scorer, "s3") for scorer in SCORERS], "held"):
        scene.organiser.publish_without_truth()
    lasting.callback(scene.keeper.insist)
    scene.keeper.send_another()


HOW: dict[str, Callable[[Scene, Fault, contextlib.ExitStack], None]] = {
    "kill": _kill,
    "restart": _restart,
    "stop": _stop,
    "cut": _cut,
    "hold": _hold,
    "flush": _flush,
    "wipe": _wipe,
    "full": _full,
    "errors": _misbehave,
    "drip": _misbehave,
    "hang": _misbehave,
    "publish": _publish,
    "lose": _lose,
}
