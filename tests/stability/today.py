"""The gateway of this tree without any server, for what can be read off it: its routes and its OpenAPI document."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from services.gateway.app import build_app
from services.gateway.desk import open_desk
from services.gateway.settings import GatewaySettings

NOWHERE = "http://127.0.0.1:1"
SECRET = "only-for-reading-the-document"


@contextmanager
def gateway() -> Iterator[FastAPI]:
    """The gateway over clients that lead nowhere: none connects before it is used."""
    settings = GatewaySettings.model_validate(
        {
            "database_url": "postgresql://gateway:none@127.0.0.1:1/gateway",
            "quota_url": NOWHERE,
            "quota_token": SECRET,
            "s3_endpoint": NOWHERE,
            "s3_access_key": "gateway",
            "s3_secret_key": SECRET,
            "scorer_secrets": SECRET,
            "key_pepper": SECRET,
        }
    )
    desk = open_desk(settings, "house tests")
    yield build_app(desk)
    desk.close()


def document_of_today() -> dict[str, Any]:
    """The OpenAPI document of this tree."""
    with gateway() as app:
        return app.openapi()
