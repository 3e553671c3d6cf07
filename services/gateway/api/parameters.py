"""The names in addresses, as every route declares them: what each is, and the practice task as the example."""

from typing import Annotated

from fastapi import Path

from services.gateway.api import practice


def _named(meaning: str, example: str) -> object:
    # Swagger UI fills a field from the schema's own `example`; the plural, which JSON Schema knows, it only shows.
    return Path(description=meaning, json_schema_extra={"example": example})


ChallengeName = Annotated[str, _named("the edition; `GET /v1/challenges` lists them", practice.CHALLENGE)]
TaskName = Annotated[str, _named("one of its tasks", practice.TASK)]
SplitName = Annotated[str, _named("one of the task's splits", practice.SPLIT)]
