"""A submission as the only model of a batch: announced by its digest, and sent where it is wanted."""

import hashlib
from typing import Any

import httpx

from tests.faults.parcel import Parcel

MODEL_UNDER_WAY = "model-under-way"
"""What this client calls it when an earlier try of its own still uploads the model's file."""


def send_as_batch(http: httpx.Client, one: Parcel) -> httpx.Response:
    """One try of all of it, answered as a single submission is. The manifest is its own key: it names the parcel's."""
    posted = http.post("/v1/batches", json=_manifest(one))
    if not posted.is_success:
        return posted
    (model,) = posted.json()["models"]
    if model["state"] == "wanted":
        sent = http.put(model["upload"]["url"], content=one.content)
        if not sent.is_success:
            return sent
        model = sent.json()
    return _as_single(model)


def _as_single(model: dict[str, Any]) -> httpx.Response:
    if model["state"] == "refused":
        return httpx.Response(model["problem"]["status"], json=model["problem"])
    if model["state"] in ("wanted", "uploading"):
        return httpx.Response(409, json={"code": MODEL_UNDER_WAY})
    return httpx.Response(200, json={"submission": model["submission"], "reused": model["known"]})


def _manifest(one: Parcel) -> dict[str, Any]:
    digest = hashlib.sha256(one.content).hexdigest()
    model = {"name": one.key, "sha256": digest, "bytes": len(one.content)}
    return {"challenge": one.challenge, "task": one.file.task, "split": one.split, "models": [model]}
