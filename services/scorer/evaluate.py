"""One evaluation: predictions and ground truth in, report out. Pure: no network, no clock, no file of its own.

Called in the worker's sandboxed child and by the offline command; both give the same numbers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from services.scorer import VERSION
from services.scorer.formats.blocks import Readable
from services.scorer.protocol import Case, Findings, Task, case_of
from services.scorer.tasks import TASKS, find_task
from shared.challenge import Challenge
from shared.digests import digest_of
from shared.errors import Broken, Unreadable
from shared.report import Provenance, Report, failure_of, fault_line

Stage = Callable[[str], None]
"""Told the name of each stage as it begins: parsing, scoring, intervals."""


def evaluate(
    definition: Challenge,
    task: str,
    split: str,
    predictions: Readable,
    truth: Readable,
    provenance: Provenance,
    stage: Stage = lambda _: None,
) -> Report:
    """Judge `predictions` by `truth`: a report that is scored, or rejected with its faults.

    The same bytes give the same report. Raises `Broken` where the fault is ours: a truth that cannot be read, a
    definition that does not have the task or split.
    """
    rules = definition.tasks.get(task)
    if rules is None or split not in rules.splits:
        raise Broken("definition-mismatch", f"{definition.name} version {definition.version} has no {task}/{split}")
    write = partial(
        Report,
        challenge=definition.name,
        version=definition.version,
        task=task,
        split=split,
        protocol=rules.protocol,
        headline=rules.headline,
        provenance=provenance,
    )
    case = case_of(definition, rules, rules.splits[split], provenance.labels)
    try:
        found = find(find_task(rules.kind), case, predictions, truth, stage)
    except Unreadable as refusal:
        faults = tuple(fault_line(fault) for fault in refusal.faults)
        failure = failure_of(refusal)
        return write(outcome="rejected", failure=failure, faults=faults, fault_count=refusal.fault_count)
    return write(outcome="scored", metrics=found.metrics, intervals=found.intervals, notes=found.notes)


def find(task: Task, case: Case, predictions: Readable, truth: Readable, stage: Stage = lambda _: None) -> Findings:
    """Run a task's three steps. Raises `Unreadable` for the predictions, `Broken` for the truth."""
    stage("parsing")
    known = read_truth(task, case, truth)
    parsed = task.parse(case, predictions, known)
    stage("scoring")
    scored = task.score(parsed, known)
    stage("intervals")
    return task.report(scored)


def read_truth(task: Task, case: Case, truth: Readable) -> Any:
    """The ground truth, read; raises `Broken` when it cannot be: that is never the team's fault."""
    try:
        return task.read_truth(case, truth)
    except Unreadable as refusal:
        raise Broken("truth-unreadable", f"the ground truth cannot be read: {refusal.sentence}") from refusal


def warm() -> None:
    """Run each task's example, good and broken, so that nothing is left to load: the sandbox may open no file."""
    nothing = digest_of(b"")
    provenance = Provenance(scorer=VERSION, definition=nothing, truth=nothing, submission=nothing)
    for task in TASKS:
        example = task.EXAMPLE
        usual = (("ilsvrc", predictions) for predictions in (example.predictions, *example.broken))
        for labels, predictions in (*usual, *example.others):
            meant = provenance.model_copy(update={"labels": labels})
            for split in example.definition.tasks[task.NAME].splits:
                evaluate(example.definition, task.NAME, split, predictions, example.truth, meant).canonical()
