"""The imitation's uploads in parts: opened, filled and completed as the gateway does it, unless a test scripts otherwise."""

import hashlib
from pathlib import Path
from typing import Any

from tests.services.gateway.imitation import OTHER, STANDING, Answer, Asked, Imitation, moment, page, submission

PART_BYTES = 8 * 2**20
UPLOADS = "/v1/uploads"
UPLOAD = f"{UPLOADS}/{OTHER}"
COMPLETE = f"{UPLOAD}/complete"


def part_path(number: int) -> str:
    """The address of one part."""
    return f"{UPLOAD}/parts/{number}"


def upload_of(file: Path, *received: int, **more: Any) -> dict[str, Any]:
    """An upload of `file` as the gateway shows it, with these parts there."""
    size_bytes = file.stat().st_size
    part_count = -(-size_bytes // PART_BYTES)
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    words = {"method": "", "description": "", "track": "provided", "labels": "ilsvrc", "publish": False}
    words |= {"participate": True, "entry": None}
    place = {"challenge": "ilsvrc2012", "task": "classification", "split": "test"}
    counted = {"size_bytes": size_bytes, "part_bytes": PART_BYTES, "part_count": part_count}
    missing = [number for number in range(1, part_count + 1) if number not in received]
    there = {"received_parts": len(received), "missing": missing, "digest": None, "received_digest": digest}
    times = {"created_at": moment(60), "expires_at": moment(-86_400)}
    return {"id": OTHER, "state": "open", "submission": None} | place | words | counted | there | times | more


def take_in_parts(server: Imitation, file: Path, *received: int) -> None:
    """Take `file` in parts, of which some are there; without any, the upload is not open yet."""
    upload = upload_of(file, *received)
    server.script("GET", UPLOADS, page(*([upload] if received else [])))
    server.script("POST", UPLOADS, Answer(201, upload))
    server.script("GET", UPLOAD, Answer(200, upload))
    for number in range(1, upload["part_count"] + 1):
        server.script("PUT", part_path(number), taken)
    server.script("POST", COMPLETE, Answer(202, {"submission": submission(), "allowance": STANDING}))
    server.script("DELETE", UPLOAD, Answer(204, b""))


def taken(asked: Asked) -> Answer:
    """A part that is there now."""
    number = int(asked.path.rsplit("/", 1)[1])
    return Answer(200, {"number": number, "size_bytes": asked.body_bytes, "digest": asked.sha256})
