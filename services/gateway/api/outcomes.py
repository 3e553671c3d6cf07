"""`POST /internal/outcomes`: the scorer's signed notices. Not public; not in the API documents."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.apply import apply_notice
from services.gateway.api.auth import DeskDep
from shared.errors import Unreadable
from shared.messages import Notice
from shared.signing import verify
from shared.web import read_body

router = APIRouter(prefix="/internal", include_in_schema=False)


@router.post("/outcomes")
async def receive_notice(request: Request, desk: DeskDep) -> dict[str, bool]:
    """Apply a notice; `proceed` says whether its attempt still counts."""
    body = await read_body(request)
    verify(desk.settings.scorer_keys(), request.headers, body, desk.clock())
    try:
        notice = Notice.model_validate_json(body)
    except ValueError as error:
        raise Unreadable("notice-invalid", f"this is not a notice: {error}") from error
    return {"proceed": await run_in_threadpool(apply_notice, desk, notice)}
