"""`GET /v1/submissions/{submission}/events`: what happens to one submission, live, until there is an outcome."""

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from services.gateway.api.auth import DeskDep, Reader, still_counts
from services.gateway.api.bells import Bells
from services.gateway.api.streams import Frame, Step, stream, streamed
from services.gateway.api.submissions import Submission
from services.gateway.api.views import submission_view
from services.gateway.api.waiting import owned, settled
from services.gateway.outlook import Outlook
from services.gateway.store.submissions import Judged, progress_of
from shared.errors import Forbidden, Missing, Unauthenticated
from shared.web import problems

router = APIRouter(prefix="/v1/submissions", tags=["submissions"])


@router.get(
    "/{submission}/events",
    operation_id="watch_submission",
    summary="Live stages, as server-sent events",
    response_class=StreamingResponse,
    responses=problems(Unauthenticated, Forbidden, Missing)
    | streamed("An event per change: its name is the state, or `stage`; its data is the submission."),
)
def watch_submission(request: Request, desk: DeskDep, caller: Reader, submission: Submission) -> StreamingResponse:
    """Where the submission stands now, then each change, until its outcome. Changes in the same instant may be one."""
    owned(desk, caller, submission)
    bells: Bells = request.app.state.bells
    watch = _Watch(desk.outlook)

    def step() -> Step:
        still_counts(request, caller)
        return watch.step(owned(desk, caller, submission))

    return stream(bells, [str(submission), progress_of(submission)], step)


class _Watch:
    """Remembers what was said last."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._said = ""
        self._state = ""
        self._position: int | None = None

    def step(self, judged: Judged) -> Step:
        """The change since the step before, if there is one."""
        evaluation = judged.evaluation
        state = evaluation.state if evaluation else judged.submission.state
        said = f"{evaluation.id}:{evaluation.attempt}:{state}:{evaluation.stage or ''}" if evaluation else state
        if said == self._said:
            return self._moved(judged, state)
        name = "stage" if state == self._state and state == "running" else state
        self._said, self._state = said, state
        view = submission_view(judged, self._outlook)
        self._position = view.queue.position if view.queue else None
        return Step([Frame(said, name, view)], last=settled(judged))

    def _moved(self, judged: Judged, state: str) -> Step:
        """While it is queued, its place in line, when that has changed by the next heartbeat."""
        view = submission_view(judged, self._outlook)
        if view.queue is None or view.queue.position in (None, self._position):
            return Step([])
        self._position = view.queue.position
        return Step([Frame(self._said, state, view)])
