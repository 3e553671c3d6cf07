"""The commands `trial` and `tasks`: what an organiser's tools ask of the scorer before a challenge is published.

A truth is scored as a submission, which must be perfect, and out of order, which must be chance. Both print JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.scorer import offline
from services.scorer.evaluate import find
from services.scorer.formats.blocks import Readable
from services.scorer.formats.bundle import open_bundle
from services.scorer.offline import Wanted
from services.scorer.protocol import Case, Task
from services.scorer.shuffling import chance_of, shuffled
from services.scorer.tasks import every_task, find_task
from shared.bundles import TRUTH
from shared.errors import HoldoutError, Refused, Unreadable


def trial(wanted: Wanted, truth: Path, parts: Mapping[str, Path], in_order: bool = False) -> tuple[int, str]:
    """The exit code, and JSON: `perfect` and `shuffled` as `score --json` has them, and `chance`, null where no formula is.

    `shuffled` is null where it is not wanted (`in_order`), and for a truth that out of order is none. A truth that cannot be
    read is `rejected`, with its faults by line; `part` says of which file, if not of the first.
    """
    task = find_task(wanted.kind)
    try:
        case = offline.case_for(wanted)
        whole = offline.opened_truth(truth, parts)
    except (OSError, Refused) as error:
        return offline.USAGE, offline.misused(error)
    try:
        task.read_truth(case, whole)
        answer = _scored(task, case, whole, _first(whole, parts), in_order)
    except Unreadable as refusal:
        part = next((name for name in parts if refusal.sentence.startswith(name)), TRUTH)
        return offline.REJECTED, offline.as_json(offline.rejected(refusal) | {"part": part})
    except HoldoutError as error:
        failure = {"code": error.code, "sentence": error.sentence, "remedy": error.remedy}
        return offline.REJECTED, offline.as_json({"outcome": "failed", "failure": failure, "faults": []})
    return offline.SCORED, offline.as_json(answer)


def _scored(task: Task, case: Case, whole: Readable, first: Readable, in_order: bool) -> dict[str, Any]:
    chance = None if in_order else chance_of(task.NAME, first)
    return {
        "outcome": "scored",
        "perfect": offline.scored(find(task, case, first, whole)),
        "shuffled": None if in_order else _out_of_order(task, case, whole, first),
        "chance": asdict(chance) if chance else None,
    }


def _out_of_order(task: Task, case: Case, whole: Readable, first: Readable) -> dict[str, Any] | None:
    """What the truth scores out of order; a task of the operator's own may take no such file."""
    try:
        return offline.scored(find(task, case, shuffled(task.NAME, first), whole))
    except Unreadable:
        return None


def _first(whole: Readable, parts: Mapping[str, Path]) -> Readable:
    """The part in the grammar of submissions."""
    return open_bundle(whole, parts)[TRUTH] if parts else whole


def listed() -> str:
    """Every task that can be scored here, with the rules of its example, as a definition would have them."""
    return json.dumps([_listed(task) for task in every_task()], indent=2)


def _listed(task: Task) -> dict[str, Any]:
    rules = task.EXAMPLE.definition.tasks[task.NAME]
    shown = {"kind", "headline", "winner", "guesses", "protocol", "options", "format", "sample"}
    return {"title": rules.title} | rules.model_dump(mode="json", include=shown)
