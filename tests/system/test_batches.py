"""Many models in one manifest, from a client to their scores, on a whole stack: each once, each as it claims.

BATCH_MODELS is how many there are: a few dozen among the other tests, up to 600 an hour.
"""

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from deploy.stack.programs import ROOT
from services.gateway.api.practice import CHALLENGE, PREDICTIONS, SPLIT, TASK
from services.gateway.tables import SubmissionRow
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

MODELS = int(os.environ.get("BATCH_MODELS", "40"))
CATEGORIES = 20
LONGEST_SECONDS = 90
"""Three times what two hundred took on two processors that other tests had their share of."""

TRUTH = [int(line) for line in (ROOT / "deploy/challenges/practice/truth.txt").read_text().split()]


def guess(number: int, image: int) -> int:
    """What model `number` says of an image: the truth, or beside it; each model says something else."""
    wrong = number >> (image % 8) & 1
    return (TRUTH[image] - 1 + wrong * (1 + number % 7)) % CATEGORIES + 1


def model(number: int) -> dict[str, Any]:
    """Its predictions, and the error that they have by a count of our own."""
    guesses = [guess(number, image) for image in range(len(TRUTH))]
    wrong = sum(said != true for said, true in zip(guesses, TRUTH, strict=True))
    predictions = {image: [said] for image, said in zip(PREDICTIONS, guesses, strict=True)}
    claimed = {"top_1_error": f"{wrong / len(TRUTH):.1f}"}
    return {"name": "simulated", "revision": f"{number}", "predictions": predictions, "claimed": claimed}


def events(client: httpx.Client, batch: str) -> Iterator[dict[str, Any]]:
    headers = {"Accept": "application/x-ndjson"}
    with client.stream("GET", f"/v1/batches/{batch}/events", headers=headers, timeout=LONGEST_SECONDS) as answer:
        yield from (json.loads(line) for line in answer.iter_lines() if line)


def test_every_model_of_a_manifest_is_scored_once_and_reproduces_what_it_claims(
    stack: Stack, organiser: Organiser
) -> None:
    team = organiser.found(CHALLENGE, SPLIT)
    models = [model(number) for number in range(MODELS)]
    manifest = {"challenge": CHALLENGE, "task": TASK, "split": SPLIT, "models": models}
    headers = {"Authorization": f"Bearer {team.key}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=60) as client:
        began = time.monotonic()
        answer = client.post("/v1/batches", json=manifest)
        while answer.json()["counts"].get("wanted"):
            answer = client.post("/v1/batches", json=manifest)
        posted_seconds = time.monotonic() - began
        batch = answer.raise_for_status().json()
        last = list(events(client, batch["id"]))[-1]
        seconds = time.monotonic() - began
        again = client.post("/v1/batches", json=manifest)
        again_seconds = time.monotonic() - began - seconds
    print(
        f"{MODELS} models: taken in {posted_seconds:.1f} s, scored in {seconds:.1f} s, again in {again_seconds:.2f} s"
    )
    assert seconds < LONGEST_SECONDS
    assert (last["event"], last["data"]["counts"]) == ("finished", {"scored": MODELS})
    assert (again.status_code, again.json()["counts"]) == (200, {"scored": MODELS})
    assert all(shown["reproduced"] for shown in again.json()["models"])
    submission = UUID(again.json()["models"][0]["submission"]["id"])
    with organiser.desk.database.begin() as session:
        own = session.get_one(SubmissionRow, submission).team_id
        mine = select(func.count()).where(SubmissionRow.team_id == own)
        assert session.scalar(mine) == MODELS
