"""The same for people: pages rendered here, usable without JavaScript."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from services.gateway.pages import docs, status, views

router = APIRouter(include_in_schema=False)
router.include_router(docs.router)
router.include_router(status.router)
router.include_router(views.router)

for route in (*docs.router.routes, *status.router.routes, *views.router.routes):
    # As with files; FastAPI, other than Starlette, leaves it to us. The server sends no body.
    if isinstance(route, APIRoute) and route.methods == {"GET"}:
        route.methods.add("HEAD")

__all__ = ["router"]
