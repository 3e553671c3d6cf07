"""`/status`: how the server is, for people, and as JSON for whoever asks for that. Open to all, about no team."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from services.gateway.api.status import seen
from services.gateway.api.status_views import status_view
from services.gateway.pages.rendering import page
from services.gateway.status.look import KEPT_SECONDS

router = APIRouter(include_in_schema=False)


@router.get("/status")
def status(request: Request) -> Response:
    """Each part, times, queue, scorers, what failed, the last rehearsal of a restore."""
    view = status_view(seen(request))
    asked = request.headers.get("accept", "")
    if "application/json" in asked and "text/html" not in asked:
        answer: Response = JSONResponse(view.model_dump(mode="json"))
    else:
        answer = page(request, "status.html", {"status": view})
    answer.headers.update({"Vary": "Accept", "Cache-Control": f"public, max-age={KEPT_SECONDS:.0f}"})
    return answer
