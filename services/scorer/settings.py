"""The scorer's settings, from `HOLDOUT_SCORER_…` environment variables."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.scorer.own import OwnTasksSettings
from services.scorer.sandbox import Bounds
from shared.queue import QueueAddress, WorkerPlan
from shared.settings import Secret
from shared.signing import sign
from shared.storage import StorageAddress


def _own_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _able_to_sign(secret: SecretStr) -> SecretStr:
    sign([secret.get_secret_value()], "trial", datetime.fromtimestamp(0, UTC), b"")
    return secret


class ScorerSettings(OwnTasksSettings):
    """Everything a scorer is told. It keeps nothing: `cache_folder` may be emptied at any time.

    `slots`: evaluations at once. A child computes in one thread, so as many as there are processors to spare.
    `check_slots`: dry runs at once, beside them: they have a lane of their own, so that neither waits for the other. 0
        leaves dry runs to other scorers.
    `lease_seconds`: a killed scorer's job is taken over after a lease and one look at the queue (1 s): 4 s by default.
    `wall_seconds`: scoring 100,000 lines takes under a second; 5 minutes leave room for the largest detection files.
    `cpu_seconds`: one thread cannot use more than the wall; less, since a file also waits.
    `memory_bytes`: for one child, mapped files included. Largest file (500 MB) + truth + arrays of its size: 2 GiB.
        A scorer needs (slots + check_slots) x memory_bytes, and 300 MiB for itself.
    `cache_bytes`: truths and definitions kept on disk; the truths of all editions together are below 1 GiB.
    """

    model_config = SettingsConfigDict(env_prefix="HOLDOUT_SCORER_")

    redis_host: str = "127.0.0.1"
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_username: str = "scorer"
    redis_password: Secret

    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: Secret

    callback_url: str = Field(pattern=r"^https?://")
    secret: Annotated[Secret, AfterValidator(_able_to_sign)]

    name: str = Field(default_factory=_own_name, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    slots: int = Field(default=1, ge=1, le=64)
    check_slots: int = Field(default=1, ge=0, le=64)
    lease_seconds: float = Field(default=3.0, ge=1, le=60)
    cache_folder: Path
    cache_bytes: int = Field(default=4 * 2**30, ge=0)
    wall_seconds: float = Field(default=300, gt=0, le=3600)
    cpu_seconds: int = Field(default=240, ge=1, le=3600)
    memory_bytes: int = Field(default=2 * 2**30, ge=64 * 2**20)
    log_style: Literal["line", "json"] = "line"

    def bounds(self) -> Bounds:
        """What one child may use."""
        return Bounds(wall_seconds=self.wall_seconds, cpu_seconds=self.cpu_seconds, memory_bytes=self.memory_bytes)

    def queue_address(self) -> QueueAddress:
        """Where the queue is."""
        password = self.redis_password.get_secret_value()
        return QueueAddress(self.redis_host, self.redis_port, self.redis_username, password)

    def storage_address(self) -> StorageAddress:
        """Where S3 is."""
        return StorageAddress(self.s3_endpoint, self.s3_access_key, self.s3_secret_key.get_secret_value())

    def plan(self, slots: int) -> WorkerPlan:
        """How to work one lane: a job may meet a lost sandbox once (two walls) and ten minutes of slow storage."""
        return WorkerPlan(
            name=self.name,
            slots=slots,
            lease_seconds=self.lease_seconds,
            job_timeout_seconds=2 * self.wall_seconds + 600,
        )
