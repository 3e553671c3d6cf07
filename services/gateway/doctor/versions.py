"""Versions: Python, PostgreSQL, Valkey, and that the running gateway scores by the same rules as this program."""

import asyncio
import sys

import httpx
from sqlalchemy import text

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient, Untold
from shared.errors import HoldoutError
from shared.queue import Queue
from shared.version import VERSION

NAME = "versions"
PYTHON, POSTGRESQL, REDIS = (3, 11), 15, 7
"""The oldest that Holdout is made for. Valkey says which Redis it stands for."""


def check_versions(patient: Patient) -> list[Finding]:
    """Each that can be asked; whoever does not answer is found by the checks of the connections."""
    return [_python(sys.version_info[:3]), *_postgresql(patient), *_queue(patient), *_gateway(patient)]


def _python(version: tuple[int, ...]) -> Finding:
    shown = ".".join(map(str, version))
    if version < PYTHON:
        return trouble(NAME, f"Python {shown}", "install Python 3.11 or newer")
    return ok(NAME, f"Python {shown}, scoring rules {VERSION}")


def _postgresql(patient: Patient) -> list[Finding]:
    try:
        with patient.database() as database, database.begin() as session:
            number, shown = session.execute(
                text("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
            ).one()
    except (Untold, HoldoutError):
        return []
    return [judged("PostgreSQL", shown, number // 10_000, POSTGRESQL)]


def _queue(patient: Patient) -> list[Finding]:
    async def ask() -> dict[str, str]:
        queue = Queue(patient.queue())
        try:
            return await queue.server()
        finally:
            await queue.close()

    try:
        said = asyncio.run(ask())
    except (Untold, HoldoutError):
        return []
    name, shown = said["name"], said["version"]
    return [judged(name, shown, int(said["redis_version"].split(".")[0]), REDIS)]


def judged(name: str, shown: str, major: int, least: int) -> Finding:
    """A server of major version `major`, of which `least` is the oldest that will do."""
    if major < least:
        return trouble(NAME, f"{name} {shown} is older than {least}", f"bring {name} to a version that is maintained")
    return ok(NAME, f"{name} {shown}")


def _gateway(patient: Patient) -> list[Finding]:
    try:
        answer = httpx.get(f"{patient.own_url()}/v1/status", timeout=5.0, trust_env=False)
        running = str(answer.json()["version"]) if answer.is_success else "from before there was /v1/status"
    except (Untold, httpx.HTTPError, ValueError, KeyError, TypeError):
        return []
    if running != VERSION:
        saw = f"the running gateway is {running}, this program {VERSION}"
        return [warning(NAME, saw, "restart the gateway, or run the doctor of its version")]
    return [ok(NAME, f"the running gateway has the same rules: {running}")]
