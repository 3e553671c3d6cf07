"""`challenge new`: the folder of a challenge, of what an organiser brings. Nothing is written unless all of it can be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.gateway.hosting import scorer
from services.gateway.hosting.definition import Draft, definition, is_public
from services.gateway.hosting.material import Brought, Material, Stock, gather
from services.gateway.publish import TRUTHS
from shared.challenge import PlacedFault
from shared.clock import Clock
from shared.errors import Conflict, Fault, Refused

HANDOUT = "handout"
"""The folder of lists that teams need beside the images."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: `brought` by split, `categories` a file with a name in each line."""

    name: str
    kind: str
    brought: Sequence[Brought]
    folder: Path
    title: str = ""
    categories: Path | None = None
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of it: files that were written, and what was done; or all that is wrong."""

    files: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()
    faults: tuple[PlacedFault, ...] = ()


def draft(order: Order, clock: Clock) -> Written:
    """Write the folder. Raises `Refused` for names that cannot be, and `Conflict` for a folder that has a definition."""
    _refuse_names(order)
    if (order.folder / "challenge.toml").exists():
        remedy = "say another --folder, or change that definition: `challenge check` tells what is wrong with it"
        raise Conflict("folder-taken", f"{order.folder} has a challenge.toml already", remedy)
    kind = scorer.kind_named(order.kind)
    given, faults = _given(order.categories)
    stock, more = gather(kind, order.brought, given, order.columns)
    if stock is None or faults:
        return Written(faults=(*faults, *more))
    title = order.title or order.name.replace("-", " ").capitalize()
    content = dict(_contents(Draft(order.name, title, clock().year, kind, stock)))
    for place, file in content.items():
        path = order.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file)
    return Written(tuple(order.folder / place for place in content), tuple(_remarks(stock, bool(given))))


def _refuse_names(order: Order) -> None:
    splits = [each.split for each in order.brought]
    for name in (order.name, *splits):
        if not _NAME.fullmatch(name):
            raise Refused(
                "name-invalid", f"{name!r} is no name", "use lower-case letters, digits and hyphens, 64 at most"
            )
    if len(set(splits)) < len(splits):
        raise Refused(
            "split-twice", f"a split is named twice: {', '.join(splits)}", "give each --truth its own --split"
        )


def _given(path: Path | None) -> tuple[tuple[str, ...], list[PlacedFault]]:
    """The categories' names, one a line, in order."""
    if path is None:
        return (), []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return (), [PlacedFault(path, Fault("categories-unreadable", f"It cannot be read: {error}.", "Write UTF-8."))]
    faults: list[PlacedFault] = []
    seen: dict[str, int] = {}
    for number, line in enumerate((line.strip() for line in lines), start=1):
        if not line or line in seen:
            what = f"{line!r} stood in line {seen[line]} already" if line else "The line is empty"
            remedy = "Write a category's name in each line, in the order of their numbers."
            faults.append(PlacedFault(path, Fault("categories-unreadable", f"{what}.", remedy, number, 1)))
        seen.setdefault(line, number)
    return tuple(seen), faults


def _contents(draft: Draft) -> Iterator[tuple[str, bytes]]:
    """The files of the folder, by their places in it."""
    yield "challenge.toml", definition(draft).encode()
    if draft.stock.names:
        rows = (f"{number}\t\t0\t\t{_cell(name)}\n" for number, name in enumerate(draft.stock.names, start=1))
        yield "categories.tsv", ("id\twnid\theight\tchildren\tname\n" + "".join(rows)).encode()
    for material in draft.stock.splits:
        for name, file in material.files.items():
            yield f"{TRUTHS}/{draft.kind.name}/{material.split}/{name}", file
        if material.names:
            yield f"{HANDOUT}/images-{material.split}.tsv", _numbered(material)


def _numbered(material: Material) -> bytes:
    rows = (f"{number}\t{_cell(name)}\n" for number, name in enumerate(material.names, start=1))
    return ("number\timage\n" + "".join(rows)).encode()


def _cell(name: str) -> str:
    return " ".join(name.split())


def _remarks(stock: Stock, given: bool) -> Iterator[str]:
    for material in stock.splits:
        secret = "its truth is public" if is_public(material.split) else "its truth is held out"
        yield f"split {material.split}: {material.images:,} images; {secret}"
        yield from material.remarks
    if stock.names:
        how = "as the list has them" if given else "as categories.tsv says"
        first, last = stock.names[0], stock.names[-1]
        yield f"{stock.categories} categories, numbered from 1 {how}: 1 is {first!r}, {stock.categories} is {last!r}"
    else:
        yield f"{stock.categories} categories; --categories FILE would give them names"
    if any(material.names for material in stock.splits):
        yield f"{HANDOUT}/ has the images' numbers: give it to teams with the images, and categories.tsv"
