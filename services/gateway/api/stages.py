"""`GET /v1/submissions/{submission}/events`: what happens to one submission, live, until there is an outcome."""

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from services.gateway.api.auth import DeskDep, Reader, still_counts
from services.gateway.api.bells import Bells
from services.gateway.api.streams import Frame, Step, stream, streamed
from services.gateway.api.submissions import Submission
from services.gateway.api.views import submission_view
from services.gateway.api.waiting import owned, settled
from services.gateway.store.submissions import Judged
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
    watch = _Watch()

    def step() -> Step:
        still_counts(request, caller)
        return watch.step(owned(desk, caller, submission))

    return stream(bells, str(submission), step)


class _Watch:
    """Remembers what was said last."""

    def __init__(self) -> None:
        self._said = ""
        self._state = ""

    def step(self, judged: Judged) -> Step:
        """The change since the step before, if there is one."""
        evaluation = judged.evaluation
        state = evaluation.state if evaluation else judged.submission.state
        said = f"{evaluation.id}:{evaluation.attempt}:{state}:{evaluation.stage or ''}" if evaluation else state
        if said == self._said:
            return Step([])
        name = "stage" if state == self._state and state == "running" else state
        self._said, self._state = said, state
        return Step([Frame(said, name, submission_view(judged))], last=settled(judged))
