"""Where in a challenge.toml a field stands, and in which words its mistakes are told. Pure; used by `read_challenge`.

`tomllib` knows places of spelling mistakes only, so the lines are looked through once more: tables, keys, inline tables.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from shared.errors import Fault

Path = tuple[str | int, ...]
"""A field from the top: ("tasks", "classification", "splits", 0, …)."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_TABLE = re.compile(rf"^[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_SET = re.compile(rf"^[ \t]*({_DOTTED})[ \t]*=")
_INSIDE = re.compile(rf"[{{,][ \t]*({_KEY})[ \t]*=")
_QUOTES = ('"""', "'''")
_SPELLING = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


class Places:
    """The line and column, both from 1, of every table and key of a text."""

    def __init__(self, text: str) -> None:
        self._places: dict[Path, tuple[int, int]] = {}
        table: Path = ()
        counts: dict[Path, int] = {}
        for number, line in _outside_of_strings(text):
            if found := _TABLE.match(line):
                table = _parts(found[2])
                if found[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._note(table, number, found.start(1))
            elif found := _SET.match(line):
                key = (*table, *_parts(found[1]))
                self._note(key, number, found.start(1))
                for inside in _INSIDE.finditer(line, found.end()):
                    self._note((*key, *_parts(inside[1])), number, inside.start(1))

    def of(self, path: Path) -> tuple[int | None, int | None]:
        """Where `path` stands, or the nearest above it that stands somewhere; (None, None) for the file as a whole."""
        for length in range(len(path), 0, -1):
            if place := self._places.get(path[:length]):
                return place
        return None, None

    def _note(self, path: Path, line: int, start: int) -> None:
        for length in range(1, len(path) + 1):
            self._places.setdefault(path[:length], (line, start + 1))


def _outside_of_strings(text: str) -> Iterator[tuple[int, str]]:
    """The lines that do not begin within a string of several lines, by number."""
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        yield number, line
        closing = next((quotes for quotes in _QUOTES if line.count(quotes) == 1), "")


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def spelling_fault(error: tomllib.TOMLDecodeError) -> Fault:
    """What is wrong with a text that is no TOML."""
    found = _SPELLING.fullmatch(str(error))
    says, line, column = (found[1], int(found[2]), int(found[3])) if found else (str(error), None, None)
    remedy = "Texts stand in quotes, a table in [brackets] on a line of its own: https://toml.io shows all of TOML."
    return Fault("definition-unreadable", f"This is no TOML: {says}.", remedy, line, column)


def field_faults(model: type[BaseModel], errors: Iterable[Mapping[str, Any]], places: Places) -> Iterator[Fault]:
    """A fault for each error of pydantic's."""
    for error in errors:
        path = tuple(error["loc"])
        sentence, remedy = _worded(model, path, error)
        yield Fault("definition-field", sentence, remedy, *places.of(path))


def _worded(model: type[BaseModel], path: Path, error: Mapping[str, Any]) -> tuple[str, str]:
    """The sentence and the remedy for one error."""
    name, table = str(path[-1]), ".".join(map(str, path[:-1]))
    within = f"[{table}]" if table else "the head of the file, before the first [table]"
    if error["type"] == "missing":
        return f"{'.'.join(map(str, path))} is missing.", f"Write `{name} = …` in {within}."
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(model, path[:-1]))
        close = get_close_matches(name, known, 1)
        meant = f"Perhaps `{close[0]}` was meant. " if close else ""
        return f"{'.'.join(map(str, path))}: there is no field `{name}`.", f"{meant}There are: {', '.join(known)}."
    if name == "[key]":
        sentence = f"{'.'.join(map(str, path[:-1]))}: {path[-2]!r} is no name."
        return sentence, "Names are lower-case letters, digits and hyphens, at most 64."
    given = error.get("input")
    shown = f" and not {given!r}" if isinstance(given, str | int | float) else ""
    says = str(error["msg"]).removeprefix("Input ").removeprefix("String ")
    return f"{'.'.join(map(str, path))} {says}{shown}.", _remedy(error["type"])


def _remedy(kind: str) -> str:
    if kind.startswith("string_pattern"):
        return "Names are lower-case letters, digits and hyphens; image_names is a pattern such as photo_{:05d}."
    return "Mend the value."


def _fields(model: type[BaseModel], path: Path) -> Iterable[str]:
    """The fields of what stands at `path`."""
    here: type[BaseModel] | None = model
    for part in path:
        if here is not None and part in here.model_fields:
            here = _model_in(here.model_fields[str(part)].annotation)
    return here.model_fields if here else ()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation: `dict[Name, Task]` has Task, `tuple[Fact, ...]` has Fact."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
