"""What an action needs at hand: one frozen set of clients, built here and nowhere else, and passed down."""

from contextlib import closing
from dataclasses import dataclass

from services.gateway.allowance import Allowance
from services.gateway.breaker import Breaker
from services.gateway.outlook import Outlook
from services.gateway.settings import GatewaySettings
from services.gateway.shelf import Shelf
from shared.clock import Clock, utc_now
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


def open_desk(settings: GatewaySettings, name: str, clock: Clock = utc_now) -> Desk:
    """The clients that this process uses, under its own name in the database's list of connections."""
    database = Database(settings.database_url, f"holdout gateway {name}")
    storage = Storage(settings.storage_address())
    return Desk(
        database=database,
        storage=storage,
        allowance=Allowance(settings.quota_url, settings.quota_token.get_secret_value()),
        clock=clock,
        settings=settings,
        outlook=Outlook(database, clock),
        shelf=Shelf(storage, Breaker(tolerated=1)),
    )


def command_desk() -> closing[Desk]:
    """The desk of one operator's command, by the environment's settings: closed when the command is done."""
    return closing(open_desk(GatewaySettings.from_environment(), "command"))
