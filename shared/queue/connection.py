"""Where the queue is, what the parts of a lane are called, and a line to it that connects when used."""

import json
from dataclasses import dataclass, field
from typing import Any

from arq.connections import ArqRedis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

FUNCTION = "evaluate"
"""arq's name for what is done with a job, in every lane. Never to be changed: the jobs that wait name it."""

SILENCE_SECONDS = 5.0
"""A server that says nothing for so long is taken for lost: answers come in under a millisecond."""

FAULTS = (RedisError, OSError, TimeoutError)
"""What redis-py raises when the server is away or refuses."""


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """Where Redis is, and who we are there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)


def wake_channel(lane: str) -> str:
    """Where the bell of a lane rings."""
    return f"{lane}:wake"


def health_key(lane: str, worker: str) -> str:
    """What a worker keeps alive by being alive."""
    return f"{lane}:health:{worker}"


def slots_key(lane: str, worker: str) -> str:
    """Where a worker says, beside it, how many jobs it runs at once."""
    return f"{lane}:slots:{worker}"


def connections(address: QueueAddress) -> ArqRedis:
    """A pool that connects when used. arq's own `create_pool` would ask at once, and raise while Redis is away."""
    return ArqRedis(
        host=address.host,
        port=address.port,
        username=address.username,
        password=address.password,
        socket_connect_timeout=2,
        socket_timeout=SILENCE_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        job_serializer=pack,
        job_deserializer=unpack,
    )


def pack(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()


def unpack(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value
