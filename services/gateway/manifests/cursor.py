"""Goes through a JSON text piece by piece and knows where it is, so that a manifest's faults have their places.

What it does not need it does not keep: of inline predictions only their text goes on.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from shared.errors import Fault, Unreadable

_SPACE = re.compile(r"[ \t\r\n]*")


class Broken(Exception):
    """The text is no JSON from here on."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.sentence, self.at = sentence, at


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


class Cursor:
    """At a place in `text`. Whoever goes through `members` or `items` takes each value before the next is given."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        space = _SPACE.match(self.text, self.at)
        assert space is not None, "it matches nothing, too"
        self.at = space.end()
        return self.text[self.at : self.at + 1]

    def take(self, character: str) -> None:
        """Go past this character; raises `Broken` when another is here."""
        if self.peek() != character:
            raise Broken(f"there should be a {character!r} here", self.at)
        self.at += 1

    def value(self) -> Any:
        """The value here, whole; fractions as `Decimal`. Raises `Broken`."""
        self.peek()
        try:
            value, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise Broken(error.msg, error.pos) from error
        except RecursionError as error:
            raise Broken("this is nested too deeply", self.at) from error
        except ValueError as error:
            raise Broken(str(error)[:200], self.at) from error
        return value

    def members(self) -> Iterator[str]:
        """The names of the object here, each with the cursor at its value."""
        self.take("{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            if self.peek() != '"':
                raise Broken("there should be a name in double quotes here", self.at)
            name = str(self.value())
            self.take(":")
            self.peek()
            yield name
            if self.peek() != ",":
                return self.take("}")
            self.at += 1

    def items(self) -> Iterator[int]:
        """The numbers (from 0) of the array here, each with the cursor at its value."""
        self.take("[")
        if self.peek() == "]":
            self.at += 1
            return
        number = 0
        while True:
            self.peek()
            yield number
            if self.peek() != ",":
                return self.take("]")
            self.at, number = self.at + 1, number + 1


def place_of(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character; columns count bytes, both from 1."""
    line = text.count("\n", 0, at) + 1
    return line, len(text[text.rfind("\n", 0, at) + 1 : at].encode()) + 1


def unreadable(text: str, broken: Broken) -> Unreadable:
    """The refusal of a text that is no JSON."""
    line, column = place_of(text, broken.at)
    fault = Fault("manifest-unreadable", broken.sentence, "write the manifest with a JSON library", line, column)
    return Unreadable(
        "manifest-unreadable",
        f"the manifest is no JSON: line {line}, column {column}: {broken.sentence}",
        "mend it there and send it again",
        (fault,),
    )
