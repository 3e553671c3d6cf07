"""Manifests as tests post them, and what a batch answers."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx

from tests.services.gateway.conftest import Team

PLACE = {"challenge": "tiny", "task": "classification"}


def file(number: int) -> bytes:
    """A file of four images; each number gives another."""
    return "".join(f"{guess}\n" for guess in (number % 10 + 1, number // 10 % 10 + 1, number // 100 + 1, 4)).encode()


def announced(content: bytes, name: str, **more: Any) -> dict[str, Any]:
    """A model whose file is sent afterwards."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), **more}


def inline(number: int, **more: Any) -> dict[str, Any]:
    """A model with its predictions; each number gives others."""
    guesses = [[number % 10 + 1], [number // 10 % 10 + 1], [number // 100 + 1], [4]]
    return {"name": f"model {number}", "predictions": guesses, **more}


def manifest(*models: Any, split: str = "validation", **more: Any) -> dict[str, Any]:
    """A manifest of these."""
    return {**PLACE, "split": split, "models": list(models), **more}


def posted(team: Team, content: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """The batch that a manifest is answered with."""
    answer = team.http.post("/v1/batches", json=content)
    assert answer.status_code == status, answer.text
    batch: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/batches/{batch['id']}"
    return batch


def states(batch: dict[str, Any]) -> list[str]:
    """The state of each model."""
    return [model["state"] for model in batch["models"]]


def now(team: Team, batch: dict[str, Any]) -> dict[str, Any]:
    """The batch as it stands."""
    content: dict[str, Any] = team.http.get(f"/v1/batches/{batch['id']}").raise_for_status().json()
    return content


def put(team: Team, batch: dict[str, Any], index: int, content: bytes) -> httpx.Response:
    """Send the file of a model."""
    path = f"/v1/batches/{batch['id']}/models/{index}/file"
    return team.http.put(path, content=content, headers={"Content-Type": "text/plain"})


def evaluation_of(team: Team, model: dict[str, Any]) -> UUID:
    """The evaluation that a model waits for."""
    return UUID(team.http.get(model["submission"]["url"]).raise_for_status().json()["evaluation"]["id"])


@contextmanager
def lines(team: Team, batch: dict[str, Any], last: str | None = None) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a batch, as JSON Lines."""
    headers = {"Accept": "application/x-ndjson"} | ({"Last-Event-ID": last} if last else {})
    with team.http.stream("GET", f"/v1/batches/{batch['id']}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        yield (json.loads(line) for line in answer.iter_lines() if line)
