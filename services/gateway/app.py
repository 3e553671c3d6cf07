"""Where the gateway's HTTP face is put together over a `Desk`: routes, pages, what ends with them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from services.gateway import pages
from services.gateway.api import (
    allowance,
    badges,
    batch_events,
    batches,
    challenges,
    checks,
    endpoints,
    events,
    exports,
    families,
    keys,
    leaderboards,
    outcomes,
    participants,
    stages,
    status,
    submissions,
    uploads,
)
from services.gateway.api.bells import Bells
from services.gateway.api.document import DESCRIPTION, SERVERS, TAGS
from services.gateway.api.lingering import Lingering
from services.gateway.api.throttle import BadTries, Postings, Registrations
from services.gateway.desk import Desk
from services.gateway.pages import docs
from services.gateway.status.look import Lookout
from services.gateway.turnstile import (
    FORMS_IN_ALL,
    FORMS_PER_TEAM,
    MANIFESTS_IN_ALL,
    MANIFESTS_PER_TEAM,
    Turnstile,
)
from shared.web import Readiness, equip


def build_app(desk: Desk) -> FastAPI:
    """The whole HTTP face over `desk`, which it closes when it stops."""
    bells = Bells(desk.database.url)
    readiness = Readiness({"database": desk.database.answers}, on_drain=bells.close)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with bells.ringing():
            yield
        desk.close()

    app = FastAPI(
        title="Holdout",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        servers=SERVERS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.state.bells = bells
    app.state.bad_tries = BadTries()
    app.state.registrations = Registrations()
    app.state.postings = Postings()
    app.state.turnstile = Turnstile()
    app.state.manifests = Turnstile(MANIFESTS_PER_TEAM, MANIFESTS_IN_ALL)
    app.state.forms = Turnstile(FORMS_PER_TEAM, FORMS_IN_ALL)
    app.state.lookout = Lookout(desk)
    equip(app, readiness, desk.settings.support)
    app.add_middleware(Lingering)
    for resource in (
        challenges,
        # Before what is a submission's: its addresses begin as theirs do.
        exports,
        badges,
        submissions,
        checks,
        uploads,
        batches,
        batch_events,
        stages,
        leaderboards,
        families,
        allowance,
        endpoints,
        events,
        keys,
        participants,
        outcomes,
        status,
    ):
        app.include_router(resource.router)
    app.include_router(pages.router)
    app.mount("/docs/assets", docs.assets(), name="docs-assets")
    app.mount("/static", StaticFiles(directory=Path(pages.__file__).parent / "static"), name="static")
    return app
