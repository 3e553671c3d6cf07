"""Every way of breaking a client is told, at its place; every way of adding something is let through."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.stability.breaks import breaks

Change = Callable[[dict[str, Any]], object]

ENTRY: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["open", "sealed"]},
        "score": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}]},
        "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
        "after": {"$ref": "#/components/schemas/Entry"},
    },
}
WANTED: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["label"],
    "properties": {
        "label": {"type": "string", "maxLength": 80, "pattern": "^[a-z]+$"},
        "days": {"type": "number", "minimum": 0, "default": 7},
        "scopes": {"type": "array", "items": {"type": "string", "enum": ["read", "submit"]}, "maxItems": 3},
    },
}
LIST: dict[str, Any] = {
    "operationId": "list_entries",
    "tags": ["entries"],
    "parameters": [
        {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100, "default": 20}},
        {"in": "header", "name": "Last-Id", "schema": {"type": "string"}},
    ],
    "responses": {
        "200": {
            "content": {
                "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}},
                "text/csv": {"schema": {"type": "string"}},
            }
        },
        "404": {"description": "none"},
    },
}
MAKE: dict[str, Any] = {
    "operationId": "make_entry",
    "tags": ["entries"],
    "security": [{"key": []}],
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Wanted"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    },
    "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Entry"}}}}},
}
DOCUMENT: dict[str, Any] = {
    "paths": {"/entries": {"get": LIST, "post": MAKE}},
    "components": {
        "schemas": {"Entry": ENTRY, "Wanted": WANTED},
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer"},
            "other": {"type": "apiKey", "in": "header", "name": "X-Other"},
        },
    },
}


def listing(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/entries"]["get"]
    return found


def making(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/entries"]["post"]
    return found


def entry(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Entry"]
    return found


def wanted(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Wanted"]
    return found


def rename(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    named["Request"] = named.pop("Wanted")
    making(document)["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Request"}


BODY = "POST /entries body application/json"
MADE = "POST /entries 201 application/json"

BREAKING: dict[str, tuple[Change, str]] = {
    "a path is gone": (lambda new: new["paths"].clear(), "GET /entries: is gone"),
    "a method is gone": (lambda new: new["paths"]["/entries"].pop("post"), "POST /entries: is gone"),
    "an operation has another id": (
        lambda new: listing(new).update(operationId="entries"),
        "GET /entries: operationId is entries, was list_entries",
    ),
    "an operation is in another module": (
        lambda new: listing(new).update(tags=["boards", "entries"]),
        "GET /entries: first tag is boards, was entries",
    ),
    "a parameter is gone": (lambda new: listing(new)["parameters"].pop(0), "GET /entries query limit: is gone"),
    "a parameter is required": (
        lambda new: listing(new)["parameters"][0].update(required=True),
        "GET /entries query limit: is required now",
    ),
    "a required parameter is new": (
        lambda new: listing(new)["parameters"].append({"in": "query", "name": "by", "required": True, "schema": {}}),
        "GET /entries query by: is required now",
    ),
    "a parameter has another default": (
        lambda new: listing(new)["parameters"][0]["schema"].update(default=10),
        "GET /entries query limit: is 10 by default, was 20",
    ),
    "a parameter has another type": (
        lambda new: listing(new)["parameters"][0]["schema"].update(type="boolean"),
        "GET /entries query limit: integer is no longer taken",
    ),
    "a limit is lower": (
        lambda new: listing(new)["parameters"][0]["schema"].update(maximum=50),
        "GET /entries query limit: maximum 50, not 100",
    ),
    "a header has a pattern": (
        lambda new: listing(new)["parameters"][1]["schema"].update(pattern="^[0-9]+$"),
        "GET /entries header last-id: pattern '^[0-9]+$', not None",
    ),
    "a body is required": (
        lambda new: making(new)["requestBody"].update(required=True),
        "POST /entries body: is required now",
    ),
    "a body is of no use any more": (
        lambda new: making(new).pop("requestBody"),
        "POST /entries body application/json: is gone",
    ),
    "a media type of requests is gone": (
        lambda new: making(new)["requestBody"]["content"].pop("text/plain"),
        "POST /entries body text/plain: is gone",
    ),
    "a field of a request is required": (
        lambda new: wanted(new).update(required=["label", "days"]),
        f"{BODY}.days: is required now",
    ),
    "a field of a request is gone": (lambda new: wanted(new)["properties"].pop("days"), f"{BODY}.days: is gone"),
    "a field of a request is shorter": (
        lambda new: wanted(new)["properties"]["label"].update(maxLength=40),
        f"{BODY}.label: maxLength 40, not 80",
    ),
    "a field of a request begins later": (
        lambda new: wanted(new)["properties"]["days"].update(minimum=1),
        f"{BODY}.days: minimum 1, not 0",
    ),
    "a field of a request has another pattern": (
        lambda new: wanted(new)["properties"]["label"].update(pattern="^[a-c]+$"),
        f"{BODY}.label: pattern '^[a-c]+$', not '^[a-z]+$'",
    ),
    "a list of a request is shorter": (
        lambda new: wanted(new)["properties"]["scopes"].update(maxItems=1),
        f"{BODY}.scopes: maxItems 1, not 3",
    ),
    "a value of a request is gone": (
        lambda new: wanted(new)["properties"]["scopes"]["items"].update(enum=["read"]),
        f"{BODY}.scopes[]: of ['read'], not also ['submit']",
    ),
    "a number of a request must be whole": (
        lambda new: wanted(new)["properties"]["days"].update(type="integer"),
        f"{BODY}.days: number is no longer taken",
    ),
    "a schema has another name": (rename, f"{BODY}: Wanted is named Request"),
    "a status is gone": (lambda new: listing(new)["responses"].pop("404"), "GET /entries 404: is gone"),
    "a success has another status": (
        lambda new: making(new)["responses"].update({"202": {"description": "later"}}),
        "POST /entries 202: is a success that nobody expects",
    ),
    "a media type of answers is gone": (
        lambda new: listing(new)["responses"]["200"]["content"].pop("text/csv"),
        "GET /entries 200 text/csv: is gone",
    ),
    "a field of an answer is gone": (lambda new: entry(new)["properties"].pop("score"), f"{MADE}.score: is gone"),
    "a field of an answer may be missing": (
        lambda new: entry(new).update(required=["id"]),
        f"{MADE}.state: may be missing now",
    ),
    "a field of an answer may be null": (
        lambda new: entry(new)["properties"]["id"].update(type=["string", "null"]),
        f"{MADE}.id: null may come now",
    ),
    "a field of an answer has another type": (
        lambda new: entry(new)["properties"]["score"]["anyOf"].append({"type": "string"}),
        f"{MADE}.score: string may come now",
    ),
    "a field of an answer has another form": (
        lambda new: entry(new)["properties"]["id"].pop("format"),
        f"{MADE}.id: format 'uuid', not None",
    ),
    "an answer has another value": (
        lambda new: entry(new)["properties"]["state"].update(enum=["open", "sealed", "lost"]),
        f"{MADE}.state: of ['open', 'sealed'], not also ['lost']",
    ),
    "an answer has any value": (
        lambda new: entry(new)["properties"]["state"].pop("enum"),
        f"{MADE}.state: of ['open', 'sealed'], not also others",
    ),
    "the values of a map have another type": (
        lambda new: entry(new)["properties"]["metrics"].update(additionalProperties={"type": "string"}),
        f"{MADE}.metrics.*: string may come now",
    ),
    "a pair has a third": (
        lambda new: entry(new)["properties"]["pair"]["prefixItems"].append({"type": "integer"}),
        f"{MADE}.pair: has 3 places of their own, had 2",
    ),
    "a key is needed": (
        lambda new: listing(new).update(security=[{"key": []}]),
        "GET /entries: no key is not enough now",
    ),
    "a second key is needed": (
        lambda new: making(new).update(security=[{"key": [], "other": []}]),
        "POST /entries: http bearer is not enough now",
    ),
    "the key is of another kind": (
        lambda new: new["components"]["securitySchemes"]["key"].update(scheme="basic"),
        "POST /entries: http bearer is not enough now",
    ),
}


def call_the_key_otherwise(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    schemes["team_key"] = schemes.pop("key")
    making(document).update(security=[{"team_key": []}])


HARMLESS: dict[str, Change] = {
    "nothing": lambda new: None,
    "a path": lambda new: new["paths"].update({"/boards": {"get": LIST}}),
    "a method": lambda new: new["paths"]["/entries"].update(delete=MAKE),
    "a parameter": lambda new: listing(new)["parameters"].append({"in": "query", "name": "by", "schema": {}}),
    "a higher limit": lambda new: listing(new)["parameters"][0]["schema"].update(maximum=1000),
    "no limit": lambda new: listing(new)["parameters"][0]["schema"].pop("maximum"),
    "a header in other letters": lambda new: listing(new)["parameters"][1].update(name="last-id"),
    "a media type of requests": lambda new: making(new)["requestBody"]["content"].update({"text/csv": {}}),
    "a field of a request": lambda new: wanted(new)["properties"].update(why={"type": "string"}),
    "a field that may be left out": lambda new: wanted(new).pop("required"),
    "a field that may be null": lambda new: wanted(new)["properties"]["days"].update(type=["number", "null"]),
    "a value of a request": lambda new: wanted(new)["properties"]["scopes"]["items"]["enum"].append("manage"),
    "other fields of a request": lambda new: wanted(new).pop("additionalProperties"),
    "a field of an answer": lambda new: entry(new)["properties"].update(why={"type": "string"}),
    "a field that always comes": lambda new: entry(new)["required"].append("pair"),
    "a number that is whole": lambda new: entry(new)["properties"]["score"]["anyOf"][0].update(type="integer"),
    "a number that is never null": lambda new: entry(new)["properties"].update(score={"type": "number"}),
    "a value that never comes": lambda new: entry(new)["properties"]["state"].update(enum=["open"]),
    "names for what was a map": lambda new: entry(new)["properties"].update(
        metrics={"type": "object", "properties": {"top_1_error": {"type": "number"}}}
    ),
    "an error": lambda new: listing(new)["responses"].update({"409": {}}),
    "a way in": lambda new: making(new)["security"].append({"other": []}),
    "another name for the key": call_the_key_otherwise,
    "no need of a key": lambda new: making(new).pop("security"),
    "a word of farewell": lambda new: listing(new).update(deprecated=True),
    "better words": lambda new: entry(new).update(description="A line of the board.", title="Entry"),
}


def changed(change: Change) -> dict[str, Any]:
    new = copy.deepcopy(DOCUMENT)
    change(new)
    return new


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_client_is_told_at_its_place(name: str) -> None:
    change, told = BREAKING[name]
    assert told in breaks(DOCUMENT, changed(change))


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_client_of_the_old_does_not_break_one_of_the_same(name: str) -> None:
    new = changed(BREAKING[name][0])
    assert not breaks(new, copy.deepcopy(new))


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_added_breaks_nobody(name: str) -> None:
    assert not breaks(DOCUMENT, changed(HARMLESS[name]))


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    found = breaks(DOCUMENT, changed(lambda new: entry(new)["properties"].pop("score")))
    assert found == [f"{place}.score: is gone" for place in ("GET /entries 200 application/json[]", MADE)]
