"""`publish`: an operator's definition and ground truth → S3 and database. Immutable by version, truth by digest.

The only deed that writes ground truth; it runs under the operator's own S3 key.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from services.gateway.actions.evaluate import evaluate_anew
from services.gateway.hosting.scorer import Truth, trial
from services.gateway.store import audience, challenges, rescoring, submissions
from services.gateway.tables import ChallengeRow, TruthRow
from shared import bundles, keys
from shared.challenge import Challenge, read_challenge
from shared.clock import Clock
from shared.database import Database
from shared.digests import digest_of
from shared.errors import Conflict, Missing, Unreadable
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Publication:
    """What `publish` did: definition and truths by digest, whether anything was new, how many were queued anew."""

    challenge: Challenge
    digest: str
    truths: dict[tuple[str, str], str]
    is_new: bool
    evaluated_anew: int
    private: bool


TRUTHS = "truths"
"""The folder beside a definition where its truths may lie: `truths/TASK/SPLIT/truth.txt`, and other parts by their names."""

_NEXT_PART = re.compile(r",(?=[a-z-]+=)")
"""A comma in the name of a file stays one."""


def read_truth_argument(challenge: Challenge, text: str) -> Truth:
    """`[TASK/]SPLIT=FILE[,PART=FILE…]`, or only `FILE` where there is one task with one split; raises `Missing`."""
    first, parts = parts_of(text)
    place, separator, path = first.rpartition("=")
    every = [(task, split) for task, content in challenge.tasks.items() for split in content.splits]
    named = [pair for pair in every if place in (pair[1], "/".join(pair))] if separator else every
    if len(named) != 1:
        choices = ", ".join(f"{task}/{split}=FILE" for task, split in every)
        raise Missing("no-such-split", f"{text!r} does not name one split", f"say which: {choices}")
    return Truth(*named[0], Path(path), parts)


def parts_of(text: str) -> tuple[str, dict[str, Path]]:
    """`FILE[,PART=FILE…]` as its first file, and the others by part."""
    first, *more = _NEXT_PART.split(text)
    named_parts = (part.split("=", 1) for part in more)
    return first, {name: Path(file) for name, file in named_parts}


def truths_beside(folder: Path, challenge: Challenge) -> list[Truth]:
    """The truths that lie beside a definition, in `truths/TASK/SPLIT/`; raises `Missing` for a folder without `truth`."""
    found = []
    for task, rules in challenge.tasks.items():
        for split in rules.splits:
            place = folder / TRUTHS / task / split
            parts = {path.stem: path for path in sorted(place.iterdir())} if place.is_dir() else {}
            if parts and bundles.TRUTH not in parts:
                raise Missing("truth-missing", f"{place} has no file `truth`", "name the file truth.txt, or truth.zip")
            if parts:
                found.append(Truth(task, split, parts.pop(bundles.TRUTH), parts))
    return found


def publish(
    database: Database,
    storage: Storage,
    clock: Clock,
    folder: Path,
    truth_arguments: list[str],
    check: bool = True,
    private: bool = False,
) -> Publication:
    """Publish the definition in `folder` with these truths, or with those that lie beside it where none is named.

    The same definition and truths again change nothing; a new version has every sealed submission evaluated anew.
    A challenge whose first version this is may be `private`; later versions are seen by whoever sees it.
    Raises `Conflict` when this version was published with another content, `Unreadable` when the definition or a truth
    is wrong.
    """
    challenge = read_challenge(folder)
    truths = [read_truth_argument(challenge, text) for text in truth_arguments] or truths_beside(folder, challenge)
    if check:
        for truth in truths:
            check_truth(folder, challenge, truth)
    content = challenge.canonical()
    definition = digest_of(content)
    storage.put(keys.GROUND_TRUTH, keys.definition_key(definition), content)
    digests = {(truth.task, truth.split): _store(storage, truth) for truth in truths}
    row = ChallengeRow(
        name=challenge.name,
        version=challenge.version,
        digest=definition,
        definition=json.loads(content),
        published_at=clock(),
    )
    is_new, evaluated_anew = _record(database, challenge, row, digests, private)
    evaluate_anew(database, clock, challenge.name)
    with database.begin() as session:
        hidden = audience.private_since(session, challenge.name) is not None
    return Publication(challenge, definition, digests, is_new, evaluated_anew, hidden)


def published_version(database: Database, folder: Path) -> str | None:
    """Name and version of the definition in `folder` if that version is live, whatever it held when it was published.

    For what publishes at every start: a newer Holdout may spell the same definition otherwise, which is no mistake.
    """
    challenge = read_challenge(folder)
    with database.begin() as session:
        row = challenges.version_of(session, challenge.name, challenge.version)
    return f"{challenge.name} version {challenge.version}" if row else None


def check_truth(folder: Path, challenge: Challenge, truth: Truth) -> None:
    """The truth, submitted, must be perfect: asked of the scorer's own command, so that one parser judges both."""
    found = trial(folder, challenge, truth, in_order=True)
    if found["outcome"] != "scored":
        faults = "; ".join(f"line {fault['line']}: {fault['sentence']}" for fault in found["faults"][:5])
        sentence = f"{truth.path} is no truth of {truth.split}: {found['failure']['sentence']} {faults}"
        raise Unreadable("truth-invalid", sentence, found["failure"]["remedy"])
    metrics = found["perfect"]["metrics"]
    headline = challenge.tasks[truth.task].headline
    if headline not in metrics:
        raise Unreadable(
            "headline-unknown", f"{headline!r} is none of the metrics: {', '.join(metrics)}", "mend `headline`"
        )


def _store(storage: Storage, truth: Truth) -> str:
    parts = {bundles.TRUTH: truth.path, **truth.parts}
    content = bundles.pack({name: path.read_bytes() for name, path in parts.items()})
    digest = digest_of(content)
    storage.put(keys.GROUND_TRUTH, keys.truth_key(digest), content)
    return digest


def _record(
    database: Database, challenge: Challenge, row: ChallengeRow, digests: dict[tuple[str, str], str], private: bool
) -> tuple[bool, int]:
    with database.begin() as session:
        challenges.lock_for_publishing(session, challenge.name)
        if private and not challenges.versions_of(session, challenge.name):
            # With its first version, so that it is never seen in between.
            audience.hide(session, challenge.name, row.published_at)
        _keep_open_splits_open(session, challenge, digests)
        is_new = _record_definition(session, row)
        known = challenges.truths_of(session, challenge.name, challenge.version)
        for place, digest in digests.items():
            if known.get(place, digest) != digest:
                raise Conflict("truth-published", f"{'/'.join(place)} has another truth already; give it a new version")
        fresh = {place: digest for place, digest in digests.items() if place not in known}
        session.add_all(
            TruthRow(challenge=challenge.name, version=challenge.version, task=task, split=split, digest=digest)
            for (task, split), digest in fresh.items()
        )
        session.flush()
        # Only noted here: the lock holds up every seal.
        behind = submissions.count_behind(session, challenges.newest(session, challenge.name))
        if behind:
            rescoring.owe(session, challenge.name, row.published_at)
        return is_new or bool(fresh), behind


def _keep_open_splits_open(session: Session, challenge: Challenge, digests: dict[tuple[str, str], str]) -> None:
    """A new version brings a truth for every split that takes submissions now: else it would close it unawares."""
    older = [row for row in challenges.versions_of(session, challenge.name) if row < challenge.version]
    open_now = challenges.truths_of(session, challenge.name, older[-1]) if older else {}
    brought = digests.keys() | challenges.truths_of(session, challenge.name, challenge.version).keys()
    kept = {(task, split) for task, rules in challenge.tasks.items() for split in rules.splits}
    closed = sorted("/".join(place) for place in open_now.keys() & kept - brought)
    if closed:
        raise Conflict(
            "truth-missing",
            f"version {challenge.version} brings no truth for {', '.join(closed)}, which version {older[-1]} has",
            "name each with --ground-truth; a split that is to close is left out of the definition",
        )


def _record_definition(session: Session, row: ChallengeRow) -> bool:
    """Add the version unless it is there; whether it is new."""
    known = challenges.version_of(session, row.name, row.version)
    if known is None:
        session.add(row)
        session.flush()
    elif known.digest != row.digest:
        raise Conflict(
            "version-published",
            f"{row.name} version {row.version} is published with another content; give this one a new version",
        )
    return known is None
