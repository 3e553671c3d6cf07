"""Where everything of a running stack is, and who each service is there."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.stack.ports import HOST
from deploy.stack.secrets import Secrets
from shared.queue import QueueAddress
from shared.storage import StorageAddress


@dataclass(frozen=True, slots=True)
class Addresses:
    """`ports` by name (see ports.py), with the secrets that open them."""

    ports: Mapping[str, int]
    secrets: Secrets

    def database_url(self, role: str) -> str:
        """PostgreSQL, as `gateway`, `quota` or `admin`; each but the last owns the database of its name."""
        database = "postgres" if role == "admin" else role
        return f"postgresql://{role}:{self.secrets.database[role]}@{HOST}:{self.ports['postgres']}/{database}"

    def queue_address(self, user: str) -> QueueAddress:
        """Valkey, as `courier` or `scorer`."""
        return QueueAddress(HOST, self.ports["valkey"], user, self.secrets.queue[user])

    def storage_address(self, identity: str) -> StorageAddress:
        """S3, as `gateway`, `scorer`, `publish` or `admin`."""
        key = self.secrets.storage[identity]
        return StorageAddress(f"http://{HOST}:{self.ports['s3']}", key.access_key, key.secret_key)

    @property
    def gateway_url(self) -> str:
        """The gateway, as seen from this machine."""
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def quota_url(self) -> str:
        """The quota service."""
        return f"http://{HOST}:{self.ports['quota']}"
