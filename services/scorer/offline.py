"""Scores two files on this machine with the code that scores submissions: the command `score`.

Without a definition there is no hierarchy and no limit to the categories' ids. The truth decides the number of images.
"""

import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.scorer.evaluate import find
from services.scorer.formats.blocks import Readable
from services.scorer.protocol import Case, Findings, case_of
from services.scorer.tasks import find_task
from shared.challenge import read_challenge
from shared.errors import Broken, Missing, Refused, Unreadable
from shared.report import Note, fault_line

SCORED, REJECTED, USAGE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a definition is, and which of its tasks and splits: if unsaid, the first of the kind and any number of images."""

    folder: Path
    task: str | None = None
    split: str | None = None


def score(kind: str, predictions: Path, truth: Path, definition: Definition | None, as_json: bool) -> tuple[int, str]:
    """The exit code, and what to print: a table or JSON of what was found, or what is wrong."""
    try:
        case = Case() if definition is None else _defined_case(definition, kind)
        files = _opened(predictions), _opened(truth)
    except (OSError, Refused) as error:
        return USAGE, f"error: {error}"
    try:
        findings = find(find_task(kind), case, *files)
    except Unreadable as refusal:
        return REJECTED, _as_json(_rejected(refusal)) if as_json else _told(predictions, refusal)
    except Broken as error:
        return USAGE, f"error: {truth}: {error.sentence}"
    return SCORED, _as_json(_scored(findings)) if as_json else _table(findings)


def _defined_case(wanted: Definition, kind: str) -> Case:
    definition = read_challenge(wanted.folder)
    fitting = {name: rules for name, rules in definition.tasks.items() if rules.kind == kind}
    rules = fitting.get(wanted.task) if wanted.task else next(iter(fitting.values()), None)
    if rules is None:
        raise Missing("no-such-task", f"{definition.name} has no task {wanted.task or ''} of the kind {kind}")
    if wanted.split is None:
        return case_of(definition, rules, split=None)
    if wanted.split not in rules.splits:
        known = ", ".join(rules.splits)
        raise Missing("no-such-split", f"{definition.name} has no split {wanted.split!r}", f"it has: {known}")
    return case_of(definition, rules, rules.splits[wanted.split])


def _opened(path: Path) -> Readable:
    """The file, mapped into memory; an empty file cannot be mapped."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def _scored(findings: Findings) -> dict[str, Any]:
    levels = {
        name: {level: ends.model_dump() for level, ends in by_level.items()}
        for name, by_level in findings.intervals.items()
    }
    notes = [note.model_dump() for note in findings.notes]
    rest = {"outcome": "scored", "metrics": findings.metrics, "intervals": levels, "notes": notes}
    # By name at the top too, for scripts of one line: `jq .top_5_error`.
    return findings.metrics | rest


def _rejected(refusal: Unreadable) -> dict[str, Any]:
    failure = {"code": refusal.code, "sentence": refusal.sentence, "remedy": refusal.remedy}
    faults = [fault_line(fault).model_dump() for fault in refusal.faults]
    return {"outcome": "rejected", "failure": failure, "faults": faults, "fault_count": refusal.fault_count}


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _table(findings: Findings) -> str:
    """One line per metric: its name, its full value, its intervals."""
    width = max(map(len, findings.metrics))
    levels = list(next(iter(findings.intervals.values())))
    heading = f"{'metric':{width}}  {'value':22}" + "".join(f"{level + ' %':24}" for level in levels)
    lines = [heading.rstrip()]
    for name, value in findings.metrics.items():
        ends = (f"{i.low:.7f} – {i.high:.7f}" for i in findings.intervals[name].values())
        lines.append(f"{name:{width}}  {value!r:22}" + "".join(f"{end:24}" for end in ends).rstrip())
    return "\n".join([*lines, *map(_noted, findings.notes)])


def _noted(note: Note) -> str:
    """A note with its lines, unless it is about the file as a whole."""
    place = f" ({note.count:,} lines, the first is {note.first_line:,})" if note.first_line else ""
    return f"note: {note.sentence}{place}"


def _told(path: Path, refusal: Unreadable) -> str:
    """The faults as compilers print them: file:line:column: what is wrong. How to mend it."""
    lines = [f"rejected: {refusal.sentence}"]
    for fault in refusal.faults:
        place = "".join(f":{number}" for number in (fault.line, fault.column) if number)
        lines.append(f"{path}{place}: {fault.sentence} {fault.remedy}")
    if refusal.fault_count > len(refusal.faults):
        lines.append(f"… and {refusal.fault_count - len(refusal.faults):,} more")
    return "\n".join(lines)
