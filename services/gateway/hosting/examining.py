"""`challenge check`: all that is wrong with a folder, by file and line; what its truths score; previews of its pages.

Nothing is published and no database is asked: it runs where the scorer is installed, on a laptop or in a pipeline.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.gateway.hosting import scorer
from services.gateway.hosting.annotations import counted, told
from services.gateway.hosting.preview import write_previews
from services.gateway.hosting.scorer import Truth
from services.gateway.publish import TRUTHS, read_truth_argument, truths_beside
from services.gateway.ranking import lower_is_better
from shared.challenge import Challenge, PlacedFault, examine_challenge
from shared.definition_places import Places
from shared.errors import Fault, Missing

LIKELY_DEVIATIONS = 4
"""Chance is farther from its mean once in 16,000 trials."""


@dataclass(slots=True)
class Examined:
    """What was found: mistakes; what was seen and is well; what is not wrong and worth knowing; the previews."""

    faults: list[PlacedFault] = field(default_factory=list)
    uncounted: int = 0
    seen: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    previews: list[Path] = field(default_factory=list)


def examine(folder: Path, arguments: Sequence[str], url: str, now: datetime) -> Examined:
    """Examine the definition in `folder` and its truths: those of `arguments`, or those that lie beside it."""
    examined = Examined()
    challenge, faults = examine_challenge(folder)
    examined.faults += faults
    if challenge is None:
        examined.faults += _faults_of_truths_alone(folder)
        return examined
    try:
        truths = [read_truth_argument(challenge, text) for text in arguments] or truths_beside(folder, challenge)
    except Missing as error:
        examined.faults.append(PlacedFault(folder, Fault(error.code, f"{error.sentence}.", error.remedy)))
        return examined
    examined.seen.append(f"{folder / 'challenge.toml'}: {challenge.name} version {challenge.version} can be read")
    scored = [(truth, found) for truth in truths if (found := _try(examined, folder, challenge, truth))]
    examined.notices += _without_truth(challenge, truths)
    examined.previews = write_previews(folder, challenge, scored, url, now)
    return examined


def lines(examined: Examined) -> Iterator[str]:
    """What to print of it."""
    yield from map(told, examined.faults)
    if examined.uncounted:
        yield f"… and {examined.uncounted:,} more in these files"
    yield from (f"ok: {seen}" for seen in examined.seen)
    yield from (f"note: {notice}" for notice in examined.notices)
    yield from (f"preview: {path}" for path in examined.previews)
    if examined.faults:
        yield counted(len(examined.faults) + examined.uncounted)


def _try(examined: Examined, folder: Path, challenge: Challenge, truth: Truth) -> dict[str, Any] | None:
    """Score a truth, and judge what came out; what it scored out of order, or None where it could not be scored."""
    missing = [path for path in (truth.path, *truth.parts.values()) if not path.is_file()]
    if missing:
        fault = Fault("truth-missing", "There is no such file.", "Mend --ground-truth.")
        examined.faults += [PlacedFault(path, fault) for path in missing]
        return None
    found = scorer.trial(folder, challenge, truth)
    if found["outcome"] != "scored":
        _tell_rejected(examined, truth, found)
        return None
    headline = challenge.tasks[truth.task].headline
    metrics = found["perfect"]["metrics"]
    if headline not in metrics:
        examined.faults.append(_no_headline(folder, truth.task, headline, metrics))
        return None
    _judge_perfect(examined, truth, headline, found)
    _judge_chance(examined, truth, headline, found)
    shown: dict[str, Any] = found["shuffled"] or found["perfect"]
    return shown


def _tell_rejected(examined: Examined, truth: Truth, found: dict[str, Any]) -> None:
    path = truth.file(found.get("part", "truth"))
    faults = found["faults"] or [found["failure"]]
    examined.faults += [PlacedFault(path, Fault(**fault)) for fault in faults]
    examined.uncounted += max(found.get("fault_count", 0) - len(faults), 0)


def _no_headline(folder: Path, task: str, headline: str, metrics: Sequence[str]) -> PlacedFault:
    path = folder / "challenge.toml"
    place = Places(path.read_text(encoding="utf-8")).of(("tasks", task, "headline"))
    remedy = f"Write one of: {', '.join(metrics)}."
    return PlacedFault(path, Fault("headline-unknown", f"{headline!r} is none of the metrics.", remedy, *place))


def _judge_perfect(examined: Examined, truth: Truth, headline: str, found: dict[str, Any]) -> None:
    """The truth, submitted, should have the best score there is."""
    value = found["perfect"]["metrics"][headline]
    best = 0.0 if lower_is_better(headline) else 1.0
    said = f"{truth.path}, submitted: {headline} {value:g}"
    if value == best:
        examined.seen.append(f"{said}, perfect")
        return
    why = " ".join(note["sentence"] for note in found["perfect"]["notes"])
    examined.notices.append(f"{said}, and no file can score better; {best:g} would be perfect. {why}".rstrip())


def _judge_chance(examined: Examined, truth: Truth, headline: str, found: dict[str, Any]) -> None:
    """The truth out of order should have what chance gives, by a formula where there is one."""
    if found["shuffled"] is None:
        examined.seen.append(f"{truth.path}: out of order this is no file that the task takes")
        return
    value, perfect = (found[which]["metrics"].get(headline) for which in ("shuffled", "perfect"))
    if value == perfect:
        sentence = f"Out of order it scores as in order, {headline} {value:g}: nothing can be told apart by it."
        fault = Fault("truth-says-nothing", sentence, "Look whether all images have one and the same label.")
        examined.faults.append(PlacedFault(truth.path, fault))
        return
    chance = found["chance"]
    if chance is None:
        examined.seen.append(f"{truth.path}, out of order: {headline} {value:g} (no formula says what chance gives)")
        return
    metric, expected = chance["metric"], chance["expected"]
    likely = LIKELY_DEVIATIONS * chance["deviation"]
    scored = found["shuffled"]["metrics"][metric]
    said = f"{metric} {scored:.4f}; chance gives {expected:.4f} ± {likely:.4f}"
    if abs(scored - expected) <= likely:
        examined.seen.append(f"{truth.path}, out of order: {said}")
    else:
        remedy = "This should not be: report it, with the truth's frequencies."
        examined.faults.append(PlacedFault(truth.path, Fault("chance-missed", f"Out of order: {said}.", remedy)))


def _without_truth(challenge: Challenge, truths: Sequence[Truth]) -> Iterator[str]:
    """The splits that would take no submissions."""
    brought = {(truth.task, truth.split) for truth in truths}
    for task, rules in challenge.tasks.items():
        for split in rules.splits:
            if (task, split) not in brought:
                place = f"{TRUTHS}/{task}/{split}/truth.txt"
                yield f"{task}/{split} has no truth, and takes no submissions without: put one into {place}"


def _faults_of_truths_alone(folder: Path) -> Iterator[PlacedFault]:
    """Where the definition cannot be read: what is wrong with the truths beside it, as far as their grammar goes."""
    try:
        content = tomllib.loads((folder / "challenge.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    tasks = content.get("tasks")
    kinds = {
        name: rules["kind"]
        for name, rules in (tasks.items() if isinstance(tasks, dict) else ())
        if isinstance(rules, dict) and isinstance(rules.get("kind"), str)
    }
    known = scorer.kinds()
    for name, kind in kinds.items():
        for path in sorted((folder / TRUTHS / name).glob("*/truth.*")) if kind in known else ():
            seen = scorer.dry_run(kind, Truth(name, path.parent.name, path))
            yield from (PlacedFault(path, Fault(**fault)) for fault in seen["faults"])
