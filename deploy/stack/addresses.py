"""Where everything of a running stack is, and who each service is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deploy.stack.ports import HOST
from deploy.stack.secrets import Secrets
from shared.queue import QueueAddress
from shared.storage import StorageAddress


@dataclass(frozen=True, slots=True)
class Addresses:
    """`ports` by name (see ports.py), with the secrets that open them.

    `hosts`, by the same names, where they are not on this machine; `listen`: what the services listen on.
    `through`: by program, the ports at which it is to find others, where something stands between them.
    """

    ports: Mapping[str, int]
    secrets: Secrets
    hosts: Mapping[str, str] = field(default_factory=dict)
    listen: str = HOST
    through: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def seen_by(self, program: str) -> "Addresses":
        """The same, as `program` is to see them."""
        return replace(self, ports={**self.ports, **self.through.get(program, {})})

    def database_url(self, role: str) -> str:
        """PostgreSQL, as `gateway` or `quota`, which own the database of their name, or as `admin` or `backup`."""
        database = role if role in ("gateway", "quota") else "postgres"
        return f"postgresql://{role}:{self.secrets.database[role]}@{self._at('postgres')}/{database}"

    def queue_address(self, user: str) -> QueueAddress:
        """Valkey, as `courier` or `scorer`."""
        return QueueAddress(self._host("valkey"), self.ports["valkey"], user, self.secrets.queue[user])

    def storage_address(self, identity: str) -> StorageAddress:
        """S3, as `gateway`, `scorer`, `publish`, `backup` or `admin`."""
        key = self.secrets.storage[identity]
        return StorageAddress(f"http://{self._at('s3')}", key.access_key, key.secret_key)

    @property
    def gateway_url(self) -> str:
        """The gateway, as its neighbours see it."""
        return f"http://{self._at('gateway')}"

    @property
    def quota_url(self) -> str:
        """The quota service."""
        return f"http://{self._at('quota')}"

    def _host(self, name: str) -> str:
        return self.hosts.get(name, HOST)

    def _at(self, name: str) -> str:
        return f"{self._host(name)}:{self.ports[name]}"
