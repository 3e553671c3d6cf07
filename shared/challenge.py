"""The challenge definition: an edition's tasks, splits, limits and categories.

Written by the operator as `challenge.toml` (+ `synsets.tsv`), frozen at publishing, and from then on known by the
digest of its canonical JSON. A correction is a new version, never an edit.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from shared.digests import canonical_json, digest_of
from shared.errors import Fault, Unreadable
from shared.model import Model

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
    def _hierarchies_have_synsets(self) -> "Challenge":
        for table in (self.synsets, *(task.synsets for task in self.tasks.values())):
            ids = [synset.id for synset in table]
            if ids != list(range(1, len(ids) + 1)):
                raise ValueError("synset ids must run 1, 2, 3 … without a gap")
            if any(child > len(ids) for synset in table for child in synset.children):
                raise ValueError("a synset names a child that is not in the table")
        for name, task in self.tasks.items():
            if task.hierarchical and len(self.synsets_of(task)) < task.categories:
                raise ValueError(f"task {name} is hierarchical and needs a synset for each category")
        return self

    @model_validator(mode="after")
    def _pools_have_one_limit(self) -> "Challenge":
        limits: dict[str, Limits] = {}
        for split in (split for task in self.tasks.values() for split in task.splits.values()):
            if limits.setdefault(split.limits.pool, split.limits) != split.limits:
                raise ValueError(f"the splits of pool {split.limits.pool} state different limits")
        return self

    @model_validator(mode="after")
    def _joined_tasks_share_their_pools(self) -> "Challenge":
        pools: dict[tuple[str, str], str] = {}
        for task in self.tasks.values():
            for name, split in task.splits.items():
                pool = split.limits.pool
                if task.entry is not None and pools.setdefault((task.entry, name), pool) != pool:
                    raise ValueError(f"tasks of the entry {task.entry} have splits {name} of different pools")
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


def read_challenge(folder: Path) -> Challenge:
    """Read `challenge.toml` in `folder`, with the tables that its `synsets` name (paths from that folder).

    Raises `Unreadable` with one fault per mistake.
    """
    path = folder / "challenge.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for place in (content, *content.get("tasks", {}).values()):
            if isinstance(place.get("synsets"), str):
                table = read_synsets(folder / place["synsets"])
                place["synsets"] = [synset.model_dump(mode="json") for synset in table]
        # Through JSON, where strict types still take a list for a tuple.
        return Challenge.model_validate_json(json.dumps(content, default=str))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable("definition-unreadable", f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        faults = tuple(
            Fault(
                "definition-field",
                f"{'.'.join(map(str, e['loc']))}: {e['msg']}",
                "mend this field of challenge.toml",
            )
            for e in error.errors()
        )
        raise Unreadable(
            "definition-invalid",
            f"{path} is not a definition: " + "; ".join(f.sentence for f in faults),
            faults=faults,
        ) from error


def read_synsets(path: Path) -> tuple[Synset, ...]:
    """Read a table `id wnid height children name`, tab-separated, with that heading; commas between children."""
    if not path.exists():
        raise Unreadable(
            "synsets-missing",
            f"{path} is not there: the table of categories that challenge.toml names",
            "bring it: challenge.toml says where it is from, and what can be left out instead",
        )
    synsets = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        try:
            id_, wnid, height, children, name = line.split("\t")
            below = tuple(int(child) for child in children.split(",") if child)
            synsets.append(Synset(id=int(id_), wnid=wnid, height=int(height), children=below, name=name))
        except ValueError as error:
            raise Unreadable("synsets-unreadable", f"{path} line {number}: {error}") from error
    return tuple(synsets)
