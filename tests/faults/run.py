"""One run from the first submission to the verdict."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from tests.faults.calm import calm_down
from tests.faults.checker import check
from tests.faults.evidence import Ending, Evidence, Violation
from tests.faults.gathering import gather
from tests.faults.pace import Pace
from tests.faults.plan import Fault, occasions
from tests.faults.recovery import Felt, suffer
from tests.faults.stage import Papers, Stage, set_up
from tests.faults.table import as_table, promises
from tests.faults.traffic import Sender, forms_of

JOIN_SECONDS = 240.0
SHOWN_VIOLATIONS = 40

Moments = list[tuple[float, int]]
"""When (by the clock of the day) each fault began, and its number."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run was asked for; `again` is the command that asks for the same."""

    seed: int
    faults: Sequence[Fault]
    teams: int
    rate: float
    again: str


def run(wish: Wish, papers: Papers) -> int:
    """Do it and say what came of it; 1 when a promise was broken."""
    say(f"{len(wish.faults)} faults of seed {wish.seed}; the papers of this run are in {papers.folder}")
    draw = random.Random(wish.seed)
    with_disk = any(fault.kind == "full" for fault in wish.faults)
    began = time.monotonic()
    losses = sum(fault.kind == "lose" for fault in wish.faults)
    with set_up(papers, wish.teams, draw, keepers=losses, with_disk=with_disk) as stage:
        say(f"everything stands after {time.monotonic() - began:.0f} s")
        moments: Moments = []
        felt, endings = _suffer_all(wish, stage, papers, draw, moments)
        evidence = replace(_look(stage, papers), endings=endings, lost=frozenset(stage.scene.organiser.lost))
    violations = check(evidence)
    _tell(felt, violations, evidence, moments)
    broken = [one for one in felt if one.complaint]
    say(f"the run took {(time.monotonic() - began) / 60:.1f} minutes")
    if violations or broken:
        say(
            f"FAILED: {len(violations)} violations, {len(broken)} complaints; to run the same faults again: {wish.again}"
        )
        return 1
    say("nothing was lost, nothing was doubled")
    return 0


def _suffer_all(
    wish: Wish, stage: Stage, papers: Papers, draw: random.Random, moments: Moments
) -> tuple[list[Felt], list[Ending]]:
    each = wish.rate / len(stage.clients)
    pace = Pace(stage.scene.waiting)
    senders = [
        Sender(client, stage.history, random.Random(draw.random()), pace, each, forms_of(number))
        for number, client in enumerate(stage.clients, start=1)
    ]
    felt: list[Felt] = []
    with papers.felt.open("a", encoding="utf-8") as file:
        for fault, beside in occasions(wish.faults):
            moments.append((time.time(), fault.number))
            for one in suffer(stage.scene, fault, beside):
                felt.append(one)
                file.write(json.dumps(asdict(one)) + "\n")
                file.flush()
                say(_line(one, len(wish.faults), stage))
    for sender in senders:
        sender.stop()
    pace.close()
    endings = [sender.join(JOIN_SECONDS) for sender in senders]
    ended = sum(ending.ended for ending in endings)
    say(f"{ended} of {len(endings)} teams have ended; {stage.history.accepted} requests were accepted")
    return felt, endings


def _look(stage: Stage, papers: Papers) -> Evidence:
    seconds = calm_down(stage.scene.stack, stage.scene.desk, stage.scene.organiser)
    say(f"everything was quiet after {seconds:.0f} s")
    return gather(stage.scene.stack, stage.scene.desk, stage.keys, papers.history, papers.heard)


def _line(felt: Felt, count: int, stage: Stage) -> str:
    fault = felt.fault
    recovery = "never recovered" if felt.recovery is None else f"recovered in {felt.recovery:5.1f} s"
    more = ["at the same time" if fault.beside else ""]
    more += [f"for {fault.seconds:.1f} s" if fault.seconds else "", recovery]
    more += [f"{felt.caught} caught" if felt.caught else ""]
    more += [f"taken over in {felt.takeover:.1f} s" if felt.takeover is not None else ""]
    more += [f"queued again in {felt.requeue:.1f} s" if felt.requeue is not None else "", felt.complaint]
    head = f"{fault.number:4}/{count} {fault.kind:8}{fault.target:11}"
    return f"{head}{', '.join(part for part in more if part)}  ({stage.history.accepted} accepted)"


def _tell(felt: list[Felt], violations: list[Violation], evidence: Evidence, moments: Moments) -> None:
    created = {row.id: row.created_at.timestamp() for row in evidence.submissions}
    blamed = Counter(_blame(violation, created.get, moments) for violation in violations)
    print("\n" + as_table(felt, blamed) + "\n")
    for sentence in promises(felt):
        print(sentence)
    print(_sizes(evidence) + "\n")
    for violation in violations[:SHOWN_VIOLATIONS]:
        number = _blame(violation, created.get, moments)
        print(f"VIOLATION {violation.code}: {violation.subject}: {violation.sentence} (around fault {number})")
    for one in felt:
        if one.complaint:
            print(f"COMPLAINT about fault {one.fault.number} ({one.fault.kind} {one.fault.target}): {one.complaint}")


def _blame(violation: Violation, created: Callable[[str], float | None], moments: Moments) -> int:
    """The last fault that had begun when the submission was made; 0 where there is none."""
    at = created(violation.submission) if violation.submission else None
    return max((number for began, number in moments if at is not None and began <= at), default=0)


def _sizes(evidence: Evidence) -> str:
    states = Counter(one.state for one in evidence.evaluations)
    outcomes = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    again = len(evidence.evaluations) - len(evidence.judged())
    accepted = sum(asked.submission is not None for asked in evidence.history)
    return (
        f"{len(evidence.history)} requests answered, {accepted} of them accepted; {len(evidence.evaluations)} evaluations "
        f"({outcomes}), {again} of them anew or again; {len(evidence.events)} events, {len(evidence.heard)} webhooks taken; "
        f"{len(evidence.postings)} lines of the ledger"
    )


def say(line: str) -> None:
    """To whoever watches, at once."""
    print(line, flush=True)
