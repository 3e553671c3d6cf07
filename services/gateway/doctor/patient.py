"""What the checks look at: settings as they were told, the clock, and clients that are opened for one check each."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.gateway.allowance import Allowance
from services.gateway.doctor.told import Told
from services.gateway.settings import CourierSettings, PublishSettings
from shared.clock import Clock, utc_now
from shared.database import Database
from shared.queue import QueueAddress
from shared.settings import Settings
from shared.storage import Storage, StorageAddress


class Untold(Exception):
    """What would have to be told to look at this; the check of the settings says so too."""

    def __init__(self, *variables: str) -> None:
        super().__init__(f"not looked at: {', '.join(variables)} not set, or wrong")


@dataclass(frozen=True, slots=True)
class Patient:
    """One set of settings under examination; `folders` are those of data that are on this machine, `backup` is where one
    is kept.
    """

    told: Told
    folders: tuple[Path, ...] = ()
    backup: Path | None = None
    clock: Clock = field(default=utc_now)

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The gateway's database."""
        (url,) = self._need("database_url")
        with contextlib.closing(Database(url, "holdout gateway doctor", pool_size=1)) as database:
            yield database

    @contextlib.contextmanager
    def storage(self) -> Iterator[Storage]:
        """S3 under the gateway's key."""
        with contextlib.closing(
            Storage(StorageAddress(*self._need("s3_endpoint", "s3_access_key", "s3_secret_key")))
        ) as s:
            yield s

    @contextlib.contextmanager
    def operator(self) -> Iterator[Storage]:
        """S3 under the operator's key."""
        (endpoint,) = self._need("s3_endpoint")
        access, secret = self._need("s3_access_key", "s3_secret_key", kind=PublishSettings)
        with contextlib.closing(Storage(StorageAddress(endpoint, access, secret))) as storage:
            yield storage

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Allowance]:
        """The quota service, with its token."""
        url, token = self._need("quota_url", "quota_token")
        with contextlib.closing(Allowance(url, token)) as allowance:
            yield allowance

    def queue(self) -> QueueAddress:
        """Redis under the courier's name; only a courier is told of it."""
        host, port, user, password = self._need("redis_host", "redis_port", "redis_username", "redis_password")
        return QueueAddress(host, int(port), user, password)

    def own_url(self) -> str:
        """The running gateway, as this machine reaches it."""
        host, port = self._need("host", "port")
        inside = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - it is read, not listened on
        return f"http://{inside}:{port}"

    def _need(self, *names: str, kind: type[Settings] = CourierSettings) -> tuple[str, ...]:
        found = {name: self.told.value(name, kind) for name in names}
        missing = [f"{kind.model_config.get('env_prefix')}{name.upper()}" for name, value in found.items() if not value]
        if missing:
            raise Untold(*missing)
        return tuple(value for value in found.values() if value)
