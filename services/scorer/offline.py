"""Scores or checks files on this machine with the code that scores submissions: the commands `score` and `check`.

Without a definition there is no hierarchy and no limit to the categories' ids. The truth decides the number of images;
a check has none, and takes any number unless it is told one.
"""

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from services.scorer.evaluate import find, look
from services.scorer.formats.blocks import Readable
from services.scorer.protocol import Case, Findings, case_of
from services.scorer.tasks import find_task
from services.scorer.unpacked import unpacked
from shared import bundles
from shared.challenge import Numbering, read_challenge
from shared.errors import Broken, Missing, Refused, Unreadable
from shared.report import CategoryLine, Check, Failure, FaultLine, Note, failure_of, fault_line

SCORED = ACCEPTED = 0
REJECTED, USAGE = 1, 2


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a definition is, and which of its tasks and splits: if unsaid, the first of the kind and any number of images."""

    folder: Path
    task: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What files are read by, and how the answer is printed."""

    kind: str
    labels: Numbering = "ilsvrc"
    definition: Definition | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was `Wanted`, found: the case, and the names that an answer gives."""

    case: Case
    task: str
    split: str | None = None
    challenge: str | None = None
    version: int | None = None


SHOWN_CATEGORIES = 10
"""So many are shown in a table; JSON has all."""


def score(
    wanted: Wanted,
    predictions: Path,
    truth: Path,
    parts: Mapping[str, Path] | None = None,
    images: int | None = None,
) -> tuple[int, str]:
    """The exit code, and what to print: a table or JSON of what was found, or what is wrong.

    `parts` are what the truth has besides, by name; `images` is for want of a split.
    """
    try:
        case = _of(_found(wanted).case, images)
        files = _opened(predictions), opened_truth(truth, parts or {})
    except (OSError, Refused) as error:
        return USAGE, misused(error)
    try:
        findings = find(find_task(wanted.kind), case, *files)
    except Unreadable as refusal:
        return REJECTED, as_json(rejected(refusal)) if wanted.as_json else _told(predictions, refusal)
    except Broken as error:
        return USAGE, f"error: {truth}: {error.sentence}"
    return SCORED, as_json(scored(findings)) if wanted.as_json else _table(findings)


def check(wanted: Wanted, predictions: Path, images: int | None = None) -> tuple[int, str]:
    """The exit code, and what to print: what the file holds, or what is wrong. `images` is for want of a split."""
    try:
        found = _found(wanted)
        file = _opened(predictions)
    except (OSError, Refused) as error:
        return USAGE, misused(error)
    case = _of(found.case, images)
    names = partial(Check, challenge=found.challenge, version=found.version, task=found.task, split=found.split)
    write = partial(names, labels=wanted.labels)
    checked = look(find_task(wanted.kind), case, file, write)
    code = ACCEPTED if checked.outcome == "accepted" else REJECTED
    return code, as_json(checked.model_dump(mode="json")) if wanted.as_json else _checked(predictions, checked)


def case_for(wanted: Wanted) -> Case:
    """What files are judged by. Raises `Refused` for a definition that cannot be read, or lacks what is wanted."""
    return _found(wanted).case


def _of(case: Case, images: int | None) -> Case:
    return case if images is None else replace(case, images=images)


def _found(wanted: Wanted) -> Found:
    if wanted.definition is None:
        return Found(Case(), wanted.kind)
    definition = read_challenge(wanted.definition.folder)
    task, split = wanted.definition.task, wanted.definition.split
    fitting = [name for name, rules in definition.tasks.items() if rules.kind == wanted.kind and task in (None, name)]
    if not fitting:
        raise Missing("no-such-task", f"{definition.name} has no task {task or ''} of the kind {wanted.kind}")
    rules = definition.tasks[fitting[0]]
    if split is not None and split not in rules.splits:
        known = ", ".join(rules.splits)
        raise Missing("no-such-split", f"{definition.name} has no split {split!r}", f"it has: {known}")
    case = case_of(definition, rules, rules.splits[split] if split else None, wanted.labels)
    return Found(case, fitting[0], split, definition.name, definition.version)


def misused(error: OSError | Refused) -> str:
    """What to print of a usage that cannot be."""
    remedy = f" ({error.remedy})" if isinstance(error, Refused) and error.remedy else ""
    return f"error: {error}{remedy}"


def _opened(path: Path) -> Readable:
    """The file, mapped into memory, or what its gzip holds; an empty file cannot be mapped."""
    with path.open("rb") as file:
        return unpacked(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if path.stat().st_size else b""


def opened_truth(truth: Path, parts: Mapping[str, Path]) -> Readable:
    """The truth; with parts, bundled as `publish` does it."""
    if not parts:
        return _opened(truth)
    return bundles.pack({name: bytes(_opened(path)) for name, path in {bundles.TRUTH: truth, **parts}.items()})


def scored(findings: Findings) -> dict[str, Any]:
    """What was found, with the field names of a report."""
    levels = {
        name: {level: ends.model_dump() for level, ends in by_level.items()}
        for name, by_level in findings.intervals.items()
    }
    notes = [note.model_dump() for note in findings.notes]
    rest = {"outcome": "scored", "metrics": findings.metrics, "intervals": levels, "notes": notes}
    rest["categories"] = [category.model_dump() for category in findings.categories]
    rest["curves"] = [curve.model_dump() for curve in findings.curves]
    # By name at the top too, for scripts of one line: `jq .top_5_error`.
    return findings.metrics | rest


def rejected(refusal: Unreadable) -> dict[str, Any]:
    """Why a file is rejected, with the field names of a report."""
    failure = {"code": refusal.code, "sentence": refusal.sentence, "remedy": refusal.remedy}
    faults = [fault_line(fault).model_dump() for fault in refusal.faults]
    return {"outcome": "rejected", "failure": failure, "faults": faults, "fault_count": refusal.fault_count}


def as_json(answer: dict[str, Any]) -> str:
    """As it is printed."""
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _table(findings: Findings) -> str:
    """One line per metric: its name, its full value, its intervals."""
    width = max(map(len, findings.metrics), default=len("metric"))
    levels = list(next(iter(findings.intervals.values()), ()))
    heading = f"{'metric':{width}}  {'value':22}" + "".join(f"{level + ' %':24}" for level in levels)
    lines = [heading.rstrip()]
    for name, value in findings.metrics.items():
        ends = (f"{i.low:.7f} – {i.high:.7f}" for i in findings.intervals.get(name, {}).values())
        lines.append((f"{name:{width}}  {value!r:22}" + "".join(f"{end:24}" for end in ends)).rstrip())
    return "\n".join([*lines, *_categories(findings.categories), *map(_noted, findings.notes)])


def _categories(categories: tuple[CategoryLine, ...]) -> list[str]:
    """The first categories, one a line, by their first metric and with their counts."""
    if not categories:
        return []
    shown, more = categories[:SHOWN_CATEGORIES], len(categories) - SHOWN_CATEGORIES
    metric = next(iter(shown[0].metrics))
    width = max(len("category"), *(len(category.name) for category in shown))
    counted = "".join(f"  {what:>12}" for what in shown[0].counts)
    lines = ["", f"{'category':{width}}  {metric:20}{counted}"]
    for category in shown:
        value = category.metrics[metric]
        counts = "".join(f"  {count:12,}" for count in category.counts.values())
        lines.append(f"{category.name:{width}}  {'–' if value is None else repr(value):20}{counts}")
    return [*lines, f"… and {more:,} more: --json has all, with their curves"] if more > 0 else lines


def _checked(path: Path, checked: Check) -> str:
    """What the file holds, or what is wrong with it."""
    if checked.failure:
        return _faults(path, checked.failure, checked.faults, checked.fault_count)
    counts = ", ".join(f"{number:,} {what}" for what, number in checked.counts.items())
    return "\n".join([f"accepted: {counts}", *map(_noted, checked.notes)])


def _noted(note: Note) -> str:
    """A note with its lines, unless it is about the file as a whole."""
    lines = f"{note.count:,} line{'s' if note.count > 1 else ''}"
    place = f" ({lines}, the first is {note.first_line:,})" if note.first_line else ""
    return f"note: {note.sentence}{place}"


def _told(path: Path, refusal: Unreadable) -> str:
    return _faults(path, failure_of(refusal), tuple(map(fault_line, refusal.faults)), refusal.fault_count)


def _faults(path: Path, failure: Failure, faults: tuple[FaultLine, ...], count: int) -> str:
    """The cause; then the faults as compilers print them: file:line:column: what is wrong. How to mend it."""
    told = any(fault.code == failure.code for fault in faults)
    lines = [f"rejected: {failure.sentence}" if told else f"rejected: {failure.sentence} {failure.remedy}"]
    for fault in faults:
        place = "".join(f":{number}" for number in (fault.line, fault.column) if number)
        lines.append(f"{path}{place}: {fault.sentence} {fault.remedy}")
    if count > len(faults):
        lines.append(f"… and {count - len(faults):,} more")
    return "\n".join(lines)
