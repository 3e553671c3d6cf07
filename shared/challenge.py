"""The challenge definition: an edition's tasks, splits, limits and categories.

Written by the operator as `challenge.toml` (+ `synsets.tsv`), frozen at publishing, and from then on known by the
digest of its canonical JSON. A correction is a new version, never an edit.
"""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError, model_validator

from shared.definition_places import Places, field_faults, spelling_fault
from shared.digests import canonical_json, digest_of
from shared.errors import Fault, Unreadable
from shared.model import Model

ModelT = TypeVar("ModelT", bound=Model)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""Names in addresses: lower-case letters, digits and hyphens."""

WEEK_SECONDS = 7 * 24 * 3600

Numbering = Literal["ilsvrc", "model-zoo", "kaggle", "wnid"]
"""How a file names categories: `ilsvrc` by the definition's ids, 1 to C (ILSVRC2012_ID); `model-zoo` by rank among the
WNIDs in alphabetical order, from 0; `kaggle` by that rank plus 1; `wnid` by the WNIDs themselves."""

Winner = Literal["headline", "categories_won"]
"""What decides a task's contest."""


class Limits(Model):
    """How often a team may submit to a split: `places` in any `window_seconds`, counted in `pool`.

    A pool belongs to a held-out test set, not to a page: splits whose images overlap name the same pool.
    `forgiven_per_day` bounds the rejected files that are given back; None forgives all (open splits).
    """

    pool: Name
    places: int = Field(ge=1, le=100_000)
    window_seconds: int = Field(ge=60, le=366 * 24 * 3600)
    forgiven_per_day: int | None = Field(default=None, ge=1, le=1000)


class Split(Model):
    """One set of images: its size, whether its truth is secret, and how often it may be asked."""

    title: str
    images: int = Field(ge=1, le=10_000_000)
    held_out: bool
    limits: Limits
    notice: str = ""
    image_names: str = Field(
        default="", pattern=r"^([^{}]{0,64}\{:0[1-9]d\}[^{}]{0,64})?$", examples=["ILSVRC2012_test_{:08d}"]
    )
    """The images' names, without ending, as a pattern of their numbers from 1; empty where a split has none to offer."""


class Protocol(Model):
    """How sure the scoring rule is: proven (equal to the official code here), derived, or recalled; and from where."""

    confidence: Literal["proven", "derived", "recalled"] = Field(examples=["proven"])
    source: str = Field(examples=["eval_flat.m (2012 kit)"])


class Fact(Model):
    """Something said of an edition, and from where: read in a kit or on an official page, derived, or recalled."""

    says: str = Field(examples=["50,000 validation and 150,000 test images, 150 of each category."])
    source: str = Field(examples=["readme of the 2010 kit"])
    confidence: Literal["official", "derived", "recalled"] = Field(examples=["official"])


class Task(Model):
    """One task of an edition. `kind` names the scorer's module; `headline` the metric that is shown first.

    `winner` says what decides: the headline, or the number of categories in which an entry is better than all others.
    `winner_rule` says it in the challenge's words. `hierarchical` adds the hierarchical error, in raw heights or divided
    by the greatest height.
    """

    kind: Name
    title: str
    headline: str
    winner: Winner = "headline"
    winner_rule: str = ""
    entry: Name | None = None
    """Tasks that name the same entry take a file each for one place: one method, judged by several criteria."""
    protocol: Protocol
    splits: dict[Name, Split]
    guesses: int = Field(default=5, ge=1, le=100)
    categories: int = Field(ge=1, le=100_000)
    hierarchical: Literal["raw", "normalised"] | None = None
    max_bytes: int = Field(ge=1, le=2**34)
    format: str = ""
    sample: str = ""
    options: dict[str, bool | int | float | str] = {}
    """What the scorer's module of this kind wants to know besides; the task's page lists them."""
    synsets: tuple["Synset", ...] = ()
    """The task's own categories, where they are not the challenge's."""


class Synset(Model):
    """A node of the hierarchy. The first `categories` ids are what a submission may name; the rest are ancestors.

    `height` is the length of the longest path to a leaf of the full hierarchy (leaf = 0); `children` are ids.
    """

    id: int = Field(ge=1)
    wnid: str
    name: str
    height: int = Field(ge=0)
    children: tuple[int, ...] = ()


class Challenge(Model):
    """A whole edition, as published."""

    name: Name
    version: int = Field(ge=1)
    title: str
    year: int
    description: str
    sources: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tasks: dict[Name, Task]
    synsets: tuple[Synset, ...] = ()

    @model_validator(mode="after")
    def _rules_hold(self) -> "Challenge":
        if broken := list(broken_rules(self)):
            raise ValueError("; ".join(sentence for _, sentence in broken))
        return self

    def synsets_of(self, task: Task) -> tuple[Synset, ...]:
        """The table of a task's categories: its own, or the challenge's."""
        return task.synsets or self.synsets

    def canonical(self) -> bytes:
        """The one spelling of this definition; its SHA-256 is the definition's name."""
        return canonical_json(self.model_dump(mode="json"))

    def digest(self) -> str:
        """SHA-256 of `canonical()`."""
        return digest_of(self.canonical())


Rule = tuple[tuple[str | int, ...], str]
"""What breaks a rule: the field from the top, and a sentence."""


def broken_rules(challenge: Challenge) -> Iterator[Rule]:
    """The rules between fields that `challenge` breaks."""
    yield from _broken_tables(challenge)
    limits: dict[str, Limits] = {}
    pools: dict[tuple[str, str], str] = {}
    for task, rules in challenge.tasks.items():
        if rules.hierarchical and len(challenge.synsets_of(rules)) < rules.categories:
            yield ("tasks", task, "hierarchical"), f"task {task} is hierarchical and needs a synset for each category"
        for name, split in rules.splits.items():
            here, pool = ("tasks", task, "splits", name, "limits"), split.limits.pool
            if limits.setdefault(pool, split.limits) != split.limits:
                yield here, f"the splits of pool {pool} state different limits"
            if rules.entry is not None and pools.setdefault((rules.entry, name), pool) != pool:
                yield here, f"tasks of the entry {rules.entry} have splits {name} of different pools"


def _broken_tables(challenge: Challenge) -> Iterator[Rule]:
    tables = {("synsets",): challenge.synsets} | {
        ("tasks", name, "synsets"): task.synsets for name, task in challenge.tasks.items()
    }
    for path, table in tables.items():
        ids = [synset.id for synset in table]
        if ids != list(range(1, len(ids) + 1)):
            yield path, "synset ids must run 1, 2, 3 … without a gap"
        if any(child > len(ids) for synset in table for child in synset.children):
            yield path, "a synset names a child that is not in the table"


@dataclass(frozen=True, slots=True)
class PlacedFault:
    """A fault of a definition, and the file it is in."""

    path: Path
    fault: Fault


def read_challenge(folder: Path) -> Challenge:
    """Read `challenge.toml` in `folder`, with the tables that its `synsets` name (paths from that folder).

    Raises `Unreadable` with one fault per mistake.
    """
    challenge, found = examine_challenge(folder)
    if challenge is not None:
        return challenge
    told = "; ".join(f"{placed.path}{_at(placed.fault)}: {placed.fault.sentence}" for placed in found)
    faults = tuple(placed.fault for placed in found)
    if any(fault.code == "definition-field" for fault in faults):
        raise Unreadable("definition-invalid", told, faults[0].remedy, faults)
    raise Unreadable(faults[0].code, told, faults[0].remedy, faults)


def _at(fault: Fault) -> str:
    return f" line {fault.line}" if fault.line else ""


def examine_challenge(folder: Path) -> tuple[Challenge | None, list[PlacedFault]]:
    """The definition in `folder`, or None and everything that is wrong with it, each by file and line."""
    path = folder / "challenge.toml"
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [PlacedFault(path, spelling_fault(error))]
    except (OSError, UnicodeDecodeError) as error:
        remedy = "`python -m services.gateway challenge new` writes one."
        return None, [PlacedFault(path, Fault("definition-unreadable", f"It cannot be read: {error}.", remedy))]
    places = Places(text)
    found = list(_put_tables_in(folder, content))
    # Without its table of categories nothing can be said of what needs one.
    faults = [*_wrong_fields(content, places), *([] if found else _wrong_rules(content, places))]
    found += [PlacedFault(path, fault) for fault in faults]
    return (None, found) if found else (_validated(Challenge, content), [])


def _validated(model: type[ModelT], content: Any) -> ModelT:
    # Through JSON, where strict types still take a list for a tuple.
    return model.model_validate_json(json.dumps(content, default=str))


def _put_tables_in(folder: Path, content: dict[str, Any]) -> Iterator[PlacedFault]:
    """Have each named table of synsets stand in the place of its name; yields what is wrong with one."""
    tasks = content.get("tasks")
    for place in (content, *(tasks.values() if isinstance(tasks, dict) else ())):
        if isinstance(place, dict) and isinstance(place.get("synsets"), str):
            path = folder / place["synsets"]
            table, faults = _examined_synsets(path)
            place["synsets"] = [synset.model_dump(mode="json") for synset in table]
            yield from (PlacedFault(path, fault) for fault in faults)


def _wrong_fields(content: dict[str, Any], places: Places) -> list[Fault]:
    try:
        _validated(Challenge, content)
    except ValidationError as error:
        # One at the top is of rules between fields, which are told one by one.
        return list(field_faults(Challenge, [each for each in error.errors() if each["loc"]], places))
    return []


def _wrong_rules(content: dict[str, Any], places: Places) -> list[Fault]:
    """The broken rules between fields, as far as the fields themselves are right."""
    tasks = content.get("tasks")
    right = {name: task for name, each in (tasks.items() if isinstance(tasks, dict) else ()) if (task := _right(each))}
    table = content.get("synsets", [])
    synsets = tuple(_validated(Synset, row) for row in table) if isinstance(table, list) else ()
    # Rules look at tasks and tables alone; what else a definition has may be wrong or missing.
    draft = Challenge.model_construct(
        name="", version=1, title="", year=0, description="", tasks=right, synsets=synsets
    )
    remedy = "Mend one of the fields that do not go together."
    return [
        Fault("definition-field", f"{sentence[0].upper()}{sentence[1:]}.", remedy, *places.of(path))
        for path, sentence in broken_rules(draft)
    ]


def _right(content: Any) -> Task | None:
    try:
        return _validated(Task, content)
    except ValidationError:
        return None


def read_synsets(path: Path) -> tuple[Synset, ...]:
    """Read a table `id wnid height children name`, tab-separated, with that heading; commas between children."""
    synsets, faults = _examined_synsets(path)
    if faults:
        told = "; ".join(f"{path}{_at(fault)}: {fault.sentence}" for fault in faults)
        raise Unreadable(faults[0].code, told, faults[0].remedy, tuple(faults))
    return synsets


def _examined_synsets(path: Path) -> tuple[tuple[Synset, ...], list[Fault]]:
    """The rows that can be read, and a fault for each other one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        sentence = f"{path} is not there: the table of categories that challenge.toml names."
        remedy = "Bring it: challenge.toml says where it is from, and what can be left out instead."
        return (), [Fault("synsets-missing", sentence, remedy)]
    except (OSError, UnicodeDecodeError) as error:
        return (), [Fault("synsets-unreadable", f"It cannot be read: {error}.", "Save it as text in UTF-8.")]
    synsets, faults = [], []
    for number, line in enumerate(lines[1:], start=2):
        try:
            synsets.append(_synset(line))
        except ValueError:
            sentence = f"{line[:80]!r} is no row of id, wnid, height, children and name."
            remedy = (
                "Write five columns with tabs between, whole numbers for id and height; wnid and children may be empty."
            )
            faults.append(Fault("synsets-unreadable", sentence, remedy, number, 1))
    return tuple(synsets), faults


def _synset(line: str) -> Synset:
    id_, wnid, height, children, name = line.split("\t")
    below = tuple(int(child) for child in children.split(",") if child)
    return Synset(id=int(id_), wnid=wnid, height=int(height), children=below, name=name)
