"""The same for people: pages rendered here, usable without JavaScript."""

from services.gateway.pages.views import router

__all__ = ["router"]
