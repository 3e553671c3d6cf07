"""`GET /client.py`: the one file that participants download."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.gateway.handout import handout

router = APIRouter(tags=["client"])


@router.get(
    "/client.py",
    operation_id="download_client",
    summary="The command-line client, one file",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {"text/x-python": {"schema": {"type": "string"}}}}},
)
def download_client() -> Response:
    """Run it with `python client.py --help` (needs httpx), or `uv run client.py`."""
    return Response(handout(), media_type="text/x-python")
