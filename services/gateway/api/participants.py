"""`GET /client.py`: the one file that participants download."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(tags=["client"])

CLIENT = Path(__file__).parent.parent / "client.py"


@router.get(
    "/client.py",
    operation_id="download_client",
    summary="The command-line client, one file",
    response_class=FileResponse,
    responses={200: {"description": "The file.", "content": {"text/x-python": {"schema": {"type": "string"}}}}},
)
def download_client() -> FileResponse:
    """Run it with `python client.py --help` (needs httpx), or `uv run client.py`."""
    return FileResponse(CLIENT, media_type="text/x-python")
