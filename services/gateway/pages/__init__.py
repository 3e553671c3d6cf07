"""The same for people: pages rendered here, usable without JavaScript."""

from fastapi import APIRouter

from services.gateway.pages import docs, views

router = APIRouter(include_in_schema=False)
router.include_router(docs.router)
router.include_router(views.router)

__all__ = ["router"]
