"""`POST /internal/outcomes`: the scorer's signed notices. Not public; not in the API documents."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter

from services.gateway.actions.apply import apply_notice
from services.gateway.actions.check import apply_check
from services.gateway.api.auth import DeskDep
from services.gateway.desk import Desk
from services.gateway.threads import LEDGER
from shared.errors import Unreadable
from shared.messages import CheckNotice, Notice
from shared.signing import verify
from shared.web import read_body

router = APIRouter(prefix="/internal", include_in_schema=False)

Heard = Annotated[Notice | CheckNotice, Field(discriminator="kind")]
HEARD: TypeAdapter[Notice | CheckNotice] = TypeAdapter(Heard)


@router.post("/outcomes")
async def receive_notice(request: Request, desk: DeskDep) -> dict[str, bool]:
    """Apply a notice; `proceed` says whether its attempt still counts, or its dry run is still waited for."""
    body = await read_body(request)
    verify(desk.settings.scorer_keys(), request.headers, body, desk.clock())
    try:
        notice = HEARD.validate_json(body)
    except ValueError as error:
        raise Unreadable("notice-invalid", f"this is not a notice: {error}") from error
    return {"proceed": await LEDGER.run(_apply, desk, notice)}


def _apply(desk: Desk, notice: Notice | CheckNotice) -> bool:
    return apply_check(desk, notice) if isinstance(notice, CheckNotice) else apply_notice(desk, notice)
