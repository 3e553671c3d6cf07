"""What an action needs at hand: one frozen set of clients, built in `app.py` and passed down."""

from dataclasses import dataclass

from services.gateway.allowance import Allowance
from services.gateway.outlook import Outlook
from services.gateway.settings import GatewaySettings
from services.gateway.shelf import Shelf
from shared.clock import Clock
from shared.database import Database
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Desk:
    """Database, storage, quota, clock, settings and the forecast of one gateway process."""

    database: Database
    storage: Storage
    allowance: Allowance
    clock: Clock
    settings: GatewaySettings
    outlook: Outlook
    shelf: Shelf

    def close(self) -> None:
        """Let every connection go."""
        self.storage.close()
        self.allowance.close()
        self.database.close()
