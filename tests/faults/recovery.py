"""How long each fault was felt: until a probe was concluded, until what it had hit was taken over or queued again."""

import time
from dataclasses import dataclass

from tests.faults.blows import Blow, inflict, look_for_takeover
from tests.faults.overdue import LONGEST_SECONDS, Overdue, until
from tests.faults.plan import Fault
from tests.faults.scene import Scene

TAKEOVER_SECONDS, REQUEUE_SECONDS = 8.0, 30.0
"""The promises: for the job of a killed scorer, and for all jobs of a queue that has lost its memory."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What one fault did. `recovery`: from its beginning until a probe sent after that had its outcome (of receivers: from
    its end, until they were told of it; of a truth: from its return, until what had failed was scored); None: never.

    `caught` is how many evaluations it hit, `takeover` or `requeue` the time until another scorer had begun
    these, or until they were queued again.
    """

    fault: Fault
    recovery: float | None
    caught: int = 0
    takeover: float | None = None
    requeue: float | None = None
    complaint: str = ""


def suffer(scene: Scene, fault: Fault, beside: Fault | None = None) -> list[Felt]:
    """Inflict the fault, and what comes along with it, and wait until everything is as before. Of two, the second
    recovers with the first, and from its beginning.
    """
    try:
        felt = _suffer(scene, fault, beside)
    except Overdue as overdue:
        felt = Felt(fault, None, complaint=str(overdue))
    return [felt] if beside is None else [felt, Felt(beside, felt.recovery)]


def _suffer(scene: Scene, fault: Fault, beside: Fault | None) -> Felt:
    blow = inflict(scene, fault, beside)
    scene.organiser.finish_publishing()
    takeover = requeue = None
    complaint = ""
    if fault.target.startswith("scorer") and blow.caught:
        takeover = _until_taken_over(scene, fault, blow)
        # The promise is of one fault: with a second, everything that a takeover needs may be down.
        if beside is None and fault.kind == "kill" and takeover > TAKEOVER_SECONDS:
            complaint = f"the killed scorer's job was taken over after {takeover:.1f} s, not {TAKEOVER_SECONDS:.0f}"
    if fault.kind in ("flush", "wipe") and blow.caught:
        requeue = _until_looked_after(scene, blow)
        if requeue > REQUEUE_SECONDS:
            complaint = f"{len(blow.caught)} evaluations were queued again after {requeue:.1f} s"
    concluded = scene.prober.concluded_at()
    if concluded is None:
        complaint = "the probe was not concluded within two minutes"
    if fault.target == "receivers" and scene.prober.submission is not None:
        concluded = _until_heard(scene, scene.prober.submission)
    if fault.kind == "lose":
        concluded = _until_scored(scene)
    scene.await_ready()
    recovery = None if concluded is None else concluded - blow.began
    return Felt(fault, recovery, len(blow.caught), takeover, requeue, complaint)


def _until_taken_over(scene: Scene, fault: Fault, blow: Blow) -> float:
    until(lambda: look_for_takeover(scene, fault, blow), LONGEST_SECONDS, "a scorer's job was never taken over")
    assert blow.taken_over is not None, "it was seen"
    return blow.taken_over - blow.began


def _until_heard(scene: Scene, submission: str) -> float:
    """Of receivers that have misbehaved: they are told of what comes after it."""
    until(lambda: scene.has_been_heard(submission), LONGEST_SECONDS, "receivers that are well again were not told")
    return time.monotonic()


def _until_scored(scene: Scene) -> float:
    """The organisers have what failed evaluated again, as often as more has failed."""

    def look() -> bool:
        scene.organiser.evaluate_again()
        return scene.keeper.is_scored()

    until(look, LONGEST_SECONDS, "what had failed was not scored though the truth was back")
    return time.monotonic()


def _until_looked_after(scene: Scene, blow: Blow) -> float:
    until(lambda: scene.are_looked_after(blow.caught), LONGEST_SECONDS, "lost jobs were never queued again")
    return time.monotonic() - blow.began
