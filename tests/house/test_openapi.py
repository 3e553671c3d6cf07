"""The gateway's OpenAPI document is complete, docs/api.md lists its routes, and internal routes are in neither."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute

from services.gateway.api import practice
from shared.deprecation import Deprecation
from tests.house.tree import text
from tests.stability.today import gateway

ROUTE_ROW = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^ `?]*)", re.MULTILINE)

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    with gateway() as app:
        yield app


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> list[Operation]:
    return [(method.upper(), path, op) for path, ops in document["paths"].items() for method, op in ops.items()]


def test_the_api_page_lists_exactly_the_public_routes(document: dict[str, Any]) -> None:
    public = {(method, path) for method, path, _ in operations(document)}
    routes = text("docs/api.md").split("\n## Routes")[1].split("\n## ")[0]
    assert set(ROUTE_ROW.findall(routes)) == public


def test_internal_routes_and_pages_are_not_in_the_document(app: FastAPI, document: dict[str, Any]) -> None:
    assert app.url_path_for("receive_notice") == "/internal/outcomes"
    assert app.url_path_for("editions") == "/"
    assert not [path for path in document["paths"] if path == "/" or path.startswith(("/internal", "/challenges"))]


def test_every_operation_has_a_name_a_summary_and_its_errors(document: dict[str, Any]) -> None:
    found = operations(document)
    names = [op["operationId"] for _, _, op in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names), "an operation has no operationId of its own"
    for method, path, operation in found:
        assert operation["summary"], f"{method} {path}"
        assert problem_of(operation["responses"]["default"]), f"{method} {path} does not say how it fails"


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status[0] == "4":
                assert problem_of(answer), f"{method} {path} {status}"


def test_what_needs_a_key_says_so(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if operation.get("security"):
            assert {"401", "403", "429"} <= set(operation["responses"]), f"{method} {path}"
        if "{" in path:
            assert "404" in operation["responses"], f"{method} {path}"


def test_every_parameter_says_what_it_is_and_every_part_of_a_path_has_an_example(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            place = f"{method} {path} {parameter['name']}"
            assert parameter.get("description"), place
            assert parameter["in"] != "path" or {"example", "examples"} & set(parameter["schema"]), place


def test_the_example_of_submit_is_the_practice_task(document: dict[str, Any]) -> None:
    submit = next(op for _, _, op in operations(document) if op["operationId"] == "submit")
    names = [each["schema"]["example"] for each in submit["parameters"] if each["in"] == "path"]
    assert names == [practice.CHALLENGE, practice.TASK, practice.SPLIT]
    media, body = next(iter(submit["requestBody"]["content"].items()))
    assert media == "application/json"
    assert next(iter(body["examples"].values()))["value"] == {"predictions": practice.PREDICTIONS}


def test_tags_the_key_and_the_server_are_described(document: dict[str, Any]) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert {tag for _, _, operation in operations(document) for tag in operation["tags"]} <= described
    assert all(scheme["description"] for scheme in document["components"]["securitySchemes"].values())
    assert all(server["url"].startswith("/") for server in document["servers"])


def test_every_property_has_an_example_or_a_description(document: dict[str, Any]) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, content in schema.get("properties", {}).items()
        if not {"description", "example", "examples"} & set(content) and "$ref" not in str(content)
    ]
    assert not bare, "without an example or description: " + ", ".join(bare)


def test_what_is_deprecated_announces_it_and_the_page_says_whether_anything_is(
    app: FastAPI, document: dict[str, Any]
) -> None:
    """Routes of the document that say `deprecated` are those that depend on a `Deprecation`."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    announcing = {route.operation_id for route in routes if any(map(announces, route.dependencies))}
    deprecated = {op["operationId"] for _, _, op in operations(document) if op.get("deprecated")}
    parameters = [each for _, _, op in operations(document) for each in op.get("parameters", [])]
    assert deprecated <= announcing
    nothing = not announcing and not any(parameter.get("deprecated") for parameter in parameters)
    assert nothing == ("Nothing in `/v1` is deprecated today." in text("docs/stability.md"))


def announces(dependency: Depends) -> bool:
    return getattr(dependency.dependency, "__module__", "") == Deprecation.__module__


def test_schemas_have_names_that_read_well(document: dict[str, Any]) -> None:
    """In capitals and without the names of our modules; what FastAPI makes up for a body of its own has none of that."""
    names = document["components"]["schemas"]
    assert not [name for name in names if not re.fullmatch(r"([A-Z][a-z0-9]+)+", name) or name.startswith("Body")]


def test_every_body_and_every_answer_of_more_than_a_line_has_a_name(document: dict[str, Any]) -> None:
    """A generator makes a class of each, and has to call it something."""
    for method, path, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media, content in [pair for body in bodies for pair in body.get("content", {}).items()]:
            schema = content.get("schema", {})
            unnamed = [part for part in schema.get("anyOf", [schema]) if part.get("type") == "object"]
            assert not unnamed, f"{method} {path} {media}"


def test_answers_leave_room_for_fields_to_come(document: dict[str, Any]) -> None:
    asked = named_in(document, str([op.get("requestBody") for _, _, op in operations(document)]))
    schemas = document["components"]["schemas"]
    closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert closed <= asked
    assert asked & closed, "requests are read strictly"


def test_every_schema_that_is_named_is_there(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert named == set(document["components"]["schemas"])


def named_in(document: dict[str, Any], content: str) -> set[str]:
    """The schemas that `content` refers to, and those that these refer to."""
    found: set[str] = set()
    while new := set(re.findall(r"#/components/schemas/(\w+)", content)) - found:
        found |= new
        content = str([document["components"]["schemas"][name] for name in new])
    return found


def problem_of(answer: dict[str, Any]) -> bool:
    reference = answer.get("content", {}).get("application/problem+json", {}).get("schema", {}).get("$ref", "")
    return bool(reference.endswith("/Problem"))
