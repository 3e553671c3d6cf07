"""Uploads in parts, as tests make them."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.services.gateway.conftest import Team

PART_BYTES = 1024


def content_digest(part: bytes) -> dict[str, str]:
    """The field that states the part's SHA-256."""
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(part).digest()).decode()}:"}


@dataclass(frozen=True, slots=True)
class Uploading:
    """An open upload of `content`."""

    team: Team
    id: UUID
    content: bytes
    part_bytes: int

    @property
    def path(self) -> str:
        """Its address."""
        return f"/v1/uploads/{self.id}"

    @property
    def numbers(self) -> range:
        """The numbers of its parts."""
        return range(1, -(-len(self.content) // self.part_bytes) + 1)

    def part(self, number: int) -> bytes:
        """The bytes of one part."""
        return self.content[(number - 1) * self.part_bytes : number * self.part_bytes]

    def put(self, number: int, content: bytes | None = None, **headers: str) -> httpx.Response:
        """Send a part: its own bytes unless told otherwise."""
        sent = self.part(number) if content is None else content
        stated = content_digest(sent) | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.team.http.put(f"{self.path}/parts/{number}", content=sent, headers=stated)

    def put_all(self) -> "Uploading":
        """Send every part."""
        for number in self.numbers:
            self.put(number).raise_for_status()
        return self

    def view(self) -> dict[str, Any]:
        """The upload as the server sees it."""
        view: dict[str, Any] = self.team.http.get(self.path).raise_for_status().json()
        return view

    def complete(self, **said: str) -> httpx.Response:
        """Put it together."""
        return self.team.http.post(f"{self.path}/complete", json=said)


def ask_to_open(team: Team, size_bytes: int = 100, **said: Any) -> httpx.Response:
    """Ask for an upload to the tiny challenge's test split."""
    place = {"challenge": "tiny", "task": "classification", "split": "test"}
    return team.http.post("/v1/uploads", json=place | {"size_bytes": size_bytes, "part_bytes": PART_BYTES} | said)


def opened(team: Team, content: bytes, **said: Any) -> Uploading:
    """Open an upload for `content`."""
    view = ask_to_open(team, len(content), **said).raise_for_status().json()
    return Uploading(team, UUID(view["id"]), content, view["part_bytes"])
