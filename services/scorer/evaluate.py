"""One evaluation: predictions and ground truth in, report out; or one dry run, which stops after reading.

Pure: no network, no clock, no file of its own. Called in the worker's sandboxed child and by the offline commands;
both give the same numbers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from services.scorer import VERSION, kernels
from services.scorer.formats.blocks import Readable
from services.scorer.protocol import Case, Findings, Task, case_of
from services.scorer.tasks import every_task, find_task
from shared.challenge import Challenge, Numbering
from shared.challenge import Task as Rules
from shared.digests import digest_of
from shared.errors import Broken, Unreadable
from shared.report import Check, Provenance, Report, failure_of, fault_line

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
    rules = _rules(definition, task, split)
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
        return write(outcome="rejected", **_told(refusal))
    return write(
        outcome="scored",
        metrics=found.metrics,
        intervals=found.intervals,
        categories=found.categories,
        curves=found.curves,
        notes=found.notes,
    )


def check(
    definition: Challenge,
    task: str,
    split: str,
    predictions: Readable,
    labels: Numbering = "ilsvrc",
    truth: Readable | None = None,
    stage: Stage = lambda _: None,
) -> Check:
    """Read `predictions` as an evaluation would, and say what they hold or what is wrong with them; judge nothing.

    The truth is not needed where the definition tells the number of images. Raises `Broken` as `evaluate` does.
    """
    rules = _rules(definition, task, split)
    case = case_of(definition, rules, rules.splits[split], labels)
    write = partial(Check, challenge=definition.name, version=definition.version, task=task, split=split, labels=labels)
    return look(find_task(rules.kind), case, predictions, write, truth, stage)


def look(
    task: Task,
    case: Case,
    predictions: Readable,
    write: Callable[..., Check],
    truth: Readable | None = None,
    stage: Stage = lambda _: None,
) -> Check:
    """The check that `write` makes of what was found; offline there may be no definition to name in it."""
    stage("parsing")
    known = None if truth is None else read_truth(task, case, truth)
    try:
        held = task.describe(task.parse(case, predictions, known))
    except Unreadable as refusal:
        return write(outcome="rejected", **_told(refusal))
    return write(outcome="accepted", counts=held.counts, notes=held.notes)


def _told(refusal: Unreadable) -> dict[str, Any]:
    """What a report and a check both say of a refused file."""
    faults = tuple(fault_line(fault) for fault in refusal.faults)
    return {"failure": failure_of(refusal), "faults": faults, "fault_count": refusal.fault_count}


def _rules(definition: Challenge, task: str, split: str) -> Rules:
    """The definition's rules for a task that has this split; raises `Broken` where it has none."""
    rules = definition.tasks.get(task)
    if rules is None or split not in rules.splits:
        raise Broken("definition-mismatch", f"{definition.name} version {definition.version} has no {task}/{split}")
    return rules


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
    """Run each task's example, good and broken, so that nothing is left to load: the sandbox may open no file.

    By then all kernels are compiled, and kept for the next start.
    """
    nothing = digest_of(b"")
    provenance = Provenance(scorer=VERSION, definition=nothing, truth=nothing, submission=nothing)
    for task in every_task():
        example = task.EXAMPLE
        usual = (example.predictions, *example.broken)
        in_ids: list[tuple[Numbering, bytes]] = [("ilsvrc", predictions) for predictions in usual]
        for labels, predictions in (*in_ids, *example.others):
            meant = provenance.model_copy(update={"labels": labels})
            for split in example.definition.tasks[task.NAME].splits:
                evaluate(example.definition, task.NAME, split, predictions, example.truth, meant).canonical()
                check(example.definition, task.NAME, split, predictions, labels).canonical()
    kernels.seal()
