"""Asks the scorer's own commands, as processes: one parser and one scorer judge truths, whoever asks."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.bundles import TRUTH
from shared.challenge import Challenge
from shared.errors import Missing, Unreadable


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth of one split, as the operator brings it: a file, and its further parts by name."""

    task: str
    split: str
    path: Path
    parts: dict[str, Path] = field(default_factory=dict)

    def file(self, part: str) -> Path:
        """The file of a part."""
        return self.path if part == TRUTH else self.parts[part]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task that the scorer has, with what a definition usually says of it."""

    name: str
    title: str
    rules: dict[str, Any]


def kinds() -> dict[str, Kind]:
    """The kinds of tasks that the scorer has, the operator's own among them."""
    return {each["kind"]: Kind(each["kind"], each.pop("title"), each) for each in ask("tasks")}


def kind_named(name: str) -> Kind:
    """One of them; raises `Missing` with what there is instead."""
    known = kinds()
    if name not in known:
        remedy = f"--task is one of: {', '.join(known)}; HOLDOUT_SCORER_TASKS names tasks of your own"
        raise Missing("no-such-task", f"the scorer has no task called {name!r}", remedy)
    return known[name]


def trial(folder: Path, challenge: Challenge, truth: Truth, in_order: bool = False) -> dict[str, Any]:
    """The truth scored as a submission, and out of order unless it is wanted `in_order` only; or what is wrong with it.

    `services/scorer/trial.py` says what is in the answer.
    """
    command = ["trial", challenge.tasks[truth.task].kind, str(truth.path)]
    command += [f"--part={name}={path}" for name, path in truth.parts.items()]
    command += [
        "--definition",
        str(folder),
        "--task",
        truth.task,
        "--split",
        truth.split,
        *(["--in-order"] if in_order else []),
    ]
    found: dict[str, Any] = ask(*command)
    return found


def dry_run(kind: str, truth: Truth) -> dict[str, Any]:
    """What a truth holds if it is read as a submission, with no definition yet; or its faults."""
    found: dict[str, Any] = ask("check", kind, str(truth.path), "--json")
    return found


def scored(kind: str, truth: Truth) -> dict[str, Any]:
    """What a truth scores as a submission, with no definition yet."""
    parts = [f"--part={name}={path}" for name, path in truth.parts.items()]
    found: dict[str, Any] = ask("score", kind, str(truth.path), str(truth.path), *parts, "--json")
    return found


def ask(*arguments: str) -> Any:
    """What `python -m services.scorer …` prints, read. Raises `Unreadable` where it prints no JSON."""
    command = [sys.executable, "-m", "services.scorer", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(run.stdout)
    except ValueError:
        last = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Unreadable(
            "truth-unchecked",
            f"the scorer could not be asked: {last.removeprefix('error: ')}",
            "run this where the scorer is installed (pip install -r requirements/scorer.txt), or, after a check there, "
            "publish --without-check",
        ) from None
