"""What a generator of clients needs of the OpenAPI document, beyond what FastAPI writes: names, and room to grow.

Bodies that we read ourselves come written out in their routes; here they move to where schemas have names. Answers say
nothing against fields that they do not have yet, since they may have them tomorrow.
"""

import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

PLACE = "#/components/schemas/"
REFERENCE = re.compile(rf"'\$ref': '{PLACE}([\w-]+)'")


def name_bodies(document: dict[str, Any]) -> None:
    """Give every titled schema of a request's body its place among the named ones, and leave a reference to it.

    Raises `ValueError` where two different schemas have one name.
    """
    named = document["components"]["schemas"]
    for content in _bodies(document):
        content["schema"] = _named(content["schema"], named)


def open_answers(document: dict[str, Any]) -> None:
    """Let whatever only answers are made of have more fields than are known: strict clients must not break on them."""
    named = document["components"]["schemas"]
    asked = _reachable(str([content["schema"] for content in _bodies(document)]), named)
    for name in named.keys() - asked:
        if named[name].get("additionalProperties") is False:
            del named[name]["additionalProperties"]


def _bodies(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from operation.get("requestBody", {}).get("content", {}).values()


def _named(schema: Schema, named: dict[str, Schema]) -> Schema:
    for name, part in schema.pop("$defs", {}).items():
        _place(name, part, named)
    if "anyOf" in schema:
        schema["anyOf"] = [_named(part, named) for part in schema["anyOf"]]
    if "title" not in schema:
        return schema
    _place(schema["title"], schema, named)
    return {"$ref": PLACE + schema["title"]}


def _place(name: str, schema: Schema, named: dict[str, Schema]) -> None:
    if named.setdefault(name, schema) != schema:
        raise ValueError(f"two schemas are named {name}")


def _reachable(text: str, named: dict[str, Schema]) -> set[str]:
    """The names that `text` refers to, and those that these refer to."""
    found: set[str] = set()
    new = set(REFERENCE.findall(text))
    while new:
        found |= new
        new = {name for known in new for name in REFERENCE.findall(str(named[known]))} - found
    return found
