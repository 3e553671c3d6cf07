"""What an organiser's annotations say, whatever file they came in: images, what is in them, and where.

Between the readers (`csv_truth`, `coco_truth`) and the task's own grammar, in which `grammars` writes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.challenge import PlacedFault

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax: inclusive pixels."""


@dataclass(frozen=True, slots=True)
class Label:
    """One thing in one image, by names; `line` is where the file says so."""

    image: str
    category: str
    box: Box | None
    line: int


@dataclass(frozen=True, slots=True)
class Annotations:
    """What one file says. `images` are in order, `categories` too; `remarks` say what was done with them.

    `numbered`: the file itself gives categories an order. `ignored`: pairs of image and category, not to be judged.
    """

    path: Path
    images: tuple[str, ...]
    categories: tuple[str, ...]
    labels: tuple[Label, ...]
    ignored: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    numbered: bool = False


def told(placed: PlacedFault) -> str:
    """As compilers print it: file:line:column: what is wrong. How to mend it."""
    fault = placed.fault
    place = "".join(f":{number}" for number in (fault.line, fault.column) if number)
    return f"{placed.path}{place}: {fault.sentence} {fault.remedy}".rstrip()


def counted(faults: int) -> str:
    """How many mistakes there are."""
    return f"{faults:,} mistake{'s' if faults > 1 else ''}"


def joined_categories(every: Sequence[Annotations]) -> tuple[str, ...]:
    """The categories of all splits, in the order of the first file that has each."""
    return tuple(dict.fromkeys(name for annotations in every for name in annotations.categories))


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Categories that nothing else orders: by number where all are numbers, else in alphabetical order."""
    every = list(names)
    return tuple(sorted(every, key=int) if all(name.isdecimal() for name in every) else sorted(every))
