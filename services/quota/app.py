"""Where quota is put together: settings in, a served application out."""

import contextlib
from collections.abc import AsyncIterator

import anyio.to_thread
from fastapi import FastAPI

from services.quota.api import routes
from services.quota.ledger import Ledger
from services.quota.settings import QuotaSettings
from shared.database import Database
from shared.web import Readiness, equip

THREADS = 8
"""Requests worked on at once, each with a connection of its own; the others wait in line, holding nothing."""


def create_app(settings: QuotaSettings) -> FastAPI:
    """The application; connects to the database when it is first asked something."""
    database = Database(settings.database_url.get_secret_value(), "quota", pool_size=THREADS)
    readiness = Readiness({"database": database.answers})

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        database.close()

    app = FastAPI(
        title="Holdout quota",
        summary="The ledger of weekly submissions",
        version="1",
        lifespan=lifespan,
    )
    equip(app, readiness)
    app.include_router(routes(Ledger(database), settings.token.get_secret_value()))
    return app
