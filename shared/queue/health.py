"""A worker's sign of life: who it is and how much it takes at once, in Redis for a few seconds. Together: the fleet."""

from pydantic import ValidationError

from shared.messages import Alive

EVERY_SECONDS = 2.0
LIFE_SECONDS = 7.0
"""Three signs may be lost before a worker counts as gone."""

PATTERN = "*:health:*"
"""What every sign's key is like, in every lane."""


def health_key(lane: str, name: str) -> str:
    """Where the sign of this worker is."""
    return f"{lane}:health:{name}"


def read_sign(key: str, content: bytes) -> Alive:
    """The sign under `key`; a worker of another version may say it otherwise, and has at least one slot."""
    try:
        return Alive.model_validate_json(content)
    except ValidationError:
        lane, _, name = key.split(":", 2)
        return Alive(name=name, lane=lane, slots=1, running=0, version="")
