"""Collects the codes that the source can say: of errors, faults, notes and failures.

A code written as an f-string is given as a pattern: `too-{too}-lines` is `too-.+-lines`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shared import errors
from shared.errors import HoldoutError
from tests.house.tree import modules, parsed

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")

STATUSES: dict[str, int] = {
    name: kind.status
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, HoldoutError)
}
"""The HTTP status of each error class of the tree, by its name."""

ENCODING = "utf-8"
"""Looks like a code and is none."""

CARRIERS = {"Fault", "Failure", "FaultLine", "Note"}
"""What else carries a code, as its first argument or as `code=`."""


def status_of_classes() -> dict[str, int]:
    """STATUSES, with the classes that the services derive from them."""
    statuses = dict(STATUSES)
    classes = [
        node for path in modules("services") for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)
    ]
    for _ in classes:
        for node in classes:
            for base in node.bases:
                if isinstance(base, ast.Name) and base.id in statuses:
                    statuses.setdefault(node.name, statuses[base.id])
    return statuses


def raised() -> set[tuple[str, int]]:
    """(code pattern, HTTP status) of every error that `shared` and `services` make with a literal code."""
    statuses = status_of_classes()
    return {
        (pattern, statuses[called])
        for path in modules("shared", "services")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and (called := _called(node)) in statuses
        for pattern in _first_or_code(node)
    }


def told() -> set[str]:
    """Every code pattern of a fault, note or failure, with the tables of words in the scorer's reading and diagnosis."""
    found: set[str] = set()
    for path in modules("shared", "services"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and _called(node) in CARRIERS:
                found.update(_first_or_code(node))
            elif isinstance(node, ast.Dict):
                found.update(_code_entry(node))
            elif _holds_words(path):
                found.update(_word(node))
    return found


def _holds_words(path: Path) -> bool:
    return path.parts[-2] in ("formats", "tasks", "diagnosis")


def _word(node: ast.AST) -> Iterator[str]:
    """A code in a table of words (the first of three), or handed to whatever makes the fault of it."""
    if isinstance(node, ast.Tuple) and len(node.elts) == 3:
        yield from _pattern(node.elts[0])
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _pattern(argument)


def _called(node: ast.Call) -> str:
    function = node.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _first_or_code(node: ast.Call) -> Iterator[str]:
    for argument in node.args[:1]:
        yield from _pattern(argument)
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _pattern(keyword.value)


def _code_entry(node: ast.Dict) -> Iterator[str]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "code":
            yield from _pattern(value)


def _pattern(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value != ENCODING and (KEBAB.fullmatch(node.value) or node.value == "internal"):
            yield re.escape(node.value)
    elif isinstance(node, ast.JoinedStr):
        parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
        if KEBAB.fullmatch("".join("x" if part == ".+" else part.replace("\\", "") for part in parts)):
            yield "".join(parts)
    elif isinstance(node, ast.IfExp):
        yield from _pattern(node.body)
        yield from _pattern(node.orelse)
