"""A submission as an upload in numbered parts: opened under its key, and taken up again where it broke off."""

from typing import Any

import httpx

from tests.faults.parcel import Parcel

PART_BYTES = 1024
"""The smallest there are: the files of the run have one or two."""

COMPLETING = "upload-completing"


def send_in_parts(http: httpx.Client, one: Parcel) -> httpx.Response:
    """One try of all of it: the answer to its completion, or the first that is no success."""
    content = one.content
    opened = http.post("/v1/uploads", json=_announced(one), headers={"Idempotency-Key": one.key})
    if not opened.is_success:
        return opened
    upload = f"/v1/uploads/{opened.json()['id']}"
    # Opening answers a repeated key as it did at first: what has come meanwhile is said here.
    standing = http.get(upload)
    if not standing.is_success:
        return standing
    for number in standing.json()["missing"]:
        part = content[(number - 1) * PART_BYTES : number * PART_BYTES]
        sent = http.put(f"{upload}/parts/{number}", content=part)
        if not sent.is_success:
            return sent
    return http.post(f"{upload}/complete")


def _announced(one: Parcel) -> dict[str, Any]:
    place = {"challenge": one.challenge, "task": one.file.task, "split": one.split}
    return place | {"method": one.key, "size_bytes": len(one.content), "part_bytes": PART_BYTES}
