"""Where the gateway is put together: concrete clients, routes, pages. The only file that builds a client."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from services.gateway import pages
from services.gateway.allowance import Allowance
from services.gateway.api import (
    allowance,
    challenges,
    endpoints,
    events,
    keys,
    leaderboards,
    outcomes,
    participants,
    stages,
    submissions,
)
from services.gateway.api.bells import Bells
from services.gateway.api.throttle import BadTries
from services.gateway.desk import Desk
from services.gateway.settings import GatewaySettings
from shared.clock import Clock, utc_now
from shared.database import Database
from shared.storage import Storage
from shared.web import Readiness, equip

DESCRIPTION = """
The evaluation server of the ImageNet Large Scale Visual Recognition Challenge.

Send a predictions file, wait for its outcome, read the report. Every error is `application/problem+json` with a stable
`code`, a sentence and a remedy. Authenticate with `Authorization: Bearer holdout_…`; challenges and boards are open.
"""


def open_desk(settings: GatewaySettings, name: str, clock: Clock = utc_now) -> Desk:
    """The clients that this process uses, under its own name in the database's list of connections."""
    return Desk(
        database=Database(settings.database_url, f"holdout gateway {name}"),
        storage=Storage(settings.storage_address()),
        allowance=Allowance(settings.quota_url, settings.quota_token.get_secret_value()),
        clock=clock,
        settings=settings,
    )


def build_app(desk: Desk) -> FastAPI:
    """The whole HTTP face over `desk`, which it closes when it stops."""
    bells = Bells(desk.database.url)
    readiness = Readiness({"database": desk.database.answers})

    def drain() -> None:
        readiness.drain()
        bells.close()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with bells.ringing():
            yield
        desk.close()

    app = FastAPI(title="Holdout", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.state.desk = desk
    app.state.bells = bells
    app.state.bad_tries = BadTries()
    app.state.drain = drain
    equip(app, readiness)
    for resource in (
        challenges,
        submissions,
        stages,
        leaderboards,
        allowance,
        endpoints,
        events,
        keys,
        participants,
        outcomes,
    ):
        app.include_router(resource.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=Path(pages.__file__).parent / "static"), name="static")
    return app
