"""Results to take away: one submission's in every form, a team's own and a whole board's as tables."""

from dataclasses import replace
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway.actions.results import Reading, see
from services.gateway.api.auth import DeskDep, Reader
from services.gateway.api.guests import KEY_OR_NONE, TeamOrGuest, Viewer
from services.gateway.api.leaderboards import MOST_ENTRIES
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.result_parameters import Decimals, InFamily, Level, Metrics, OfChallenge, OfSplit, OfTask
from services.gateway.api.result_views import ResultView, result_view
from services.gateway.api.submissions import Submission
from services.gateway.api.unchanged import is_unchanged, not_modified, tag, validated
from services.gateway.leaderboard import Entry, Order, Track, board
from services.gateway.results.figures import DECIMALS
from services.gateway.results.forms import ENDING, MEDIA, Form, TableForm, form_asked
from services.gateway.results.model_card import Hub, eval_results, model_index
from services.gateway.results.papers import latex_row
from services.gateway.results.result import LEVEL, Result
from services.gateway.results.spreadsheet import Cell
from services.gateway.results.tables import Listed, Writing, table_of, table_text
from services.gateway.store import audience, boards, results
from services.gateway.store.results import Within
from shared.errors import Conflict, Forbidden, Missing, Refused, Unauthenticated
from shared.web import problems

router = APIRouter(prefix="/v1", tags=["results"])

MOST_ROWS = 10_000
ROW_COLUMNS = ("method",)
OWN_COLUMNS = ("method", "challenge", "task", "split")
BOARD_COLUMNS = ("rank", "team", "method")

UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the answer whose ETag is in If-None-Match."}
}


def _content(*forms: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers in these forms."""
    content = {MEDIA[form]: {"schema": {"type": "string"}} for form in forms if form != "json"}
    return {200: {"description": "The result, in the form asked for.", "content": content}, **UNCHANGED}


@router.get(
    "/submissions/export",
    operation_id="export_submissions",
    summary="My team's scores as a table",
    response_class=Response,
    responses=problems(Refused, Unauthenticated, Forbidden) | _content(*get_args(TableForm)),
)
def export_submissions(
    request: Request,
    desk: DeskDep,
    caller: Reader,
    form: Annotated[TableForm, Query(alias="format", description="of the table")] = "csv",
    challenge: OfChallenge = None,
    task: OfTask = None,
    split: OfSplit = None,
    family: InFamily = None,
    metrics: Metrics = None,
    level: Level = LEVEL,
    decimals: Decimals = DECIMALS,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="the newest so many")] = MOST_ROWS,
) -> Response:
    """Every scored submission, from old to new. CSV has all columns in full precision, the others what papers print."""
    with desk.database.begin() as session:
        reading = Reading(desk, session)
        rows = results.own(session, caller.team, Within(challenge, task, split, family, scored=True), limit)
        listed = [Listed(seen.result, {}) for seen in map(reading.seen, rows) if seen.result]
    content = table_text(listed, OWN_COLUMNS, Writing(form, metrics, level, decimals))
    return _answer(request, content, form, "submissions")


@router.get(
    "/submissions/{submission}/export",
    operation_id="export_submission",
    summary="One score to take away: JSON, CSV, LaTeX, Markdown, Hugging Face",
    response_model=ResultView,
    responses=problems(Refused, Unauthenticated, Forbidden, Missing, Conflict) | _content(*get_args(Form)),
    openapi_extra=KEY_OR_NONE,
)
def export_submission(
    request: Request,
    desk: DeskDep,
    team: TeamOrGuest,
    submission: Submission,
    form: Annotated[Form | None, Query(alias="format", description="before what `Accept` asks for")] = None,
    metrics: Metrics = None,
    level: Level = LEVEL,
    decimals: Decimals = DECIMALS,
    dataset: Annotated[str | None, Query(max_length=200, description="what Hugging Face calls the dataset")] = None,
    dataset_task: Annotated[str | None, Query(max_length=200, description="what it calls the benchmark's task")] = None,
) -> Response:
    """The score in the form that `format` names, or `Accept`. One that is not published needs its team's key.

    `model-index` is for the head of a model card, `eval-results` a file for `.eval_results/` of a model's repository.
    """
    form = form or form_asked(request.headers.get("accept", ""))
    with desk.database.begin() as session:
        result = see(desk, session, team, submission).scored()
    content = _written(result, form, Writing("latex", metrics, level, decimals), Hub(dataset, dataset_task))
    answer = _answer(request, content, form, str(submission))
    answer.headers["Vary"] = "Accept, Authorization"
    return answer


@router.get(
    "/challenges/{challenge}/tasks/{task}/splits/{split}/leaderboard/export",
    operation_id="export_leaderboard",
    summary="A whole board as a table",
    response_class=Response,
    responses=problems(Missing) | _content(*get_args(TableForm)),
)
def export_leaderboard(
    request: Request,
    desk: DeskDep,
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    viewer: Viewer,
    form: Annotated[TableForm, Query(alias="format", description="of the table")] = "csv",
    by: Annotated[Order, Query(description="what decides the contest, or the headline whatever decides")] = "winner",
    track: Annotated[Track | None, Query(description="only entries with this training data")] = None,
    metrics: Metrics = None,
    level: Level = LEVEL,
    decimals: Decimals = DECIMALS,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="the first so many")] = MOST_ENTRIES,
) -> Response:
    """Every entry in rank order. CSV has all columns in full precision, the others what papers print."""
    with desk.database.begin() as session:
        venue = audience.venue(session, challenge, task, split, viewer)
        mark = tag(
            boards.mark(session, venue), venue.published.digest, str(request.query_params), desk.settings.public_url
        )
        if is_unchanged(request, mark):
            return not_modified(mark)
        reading = Reading(desk, session)
        whole = board(session, venue, by, track).whole(session, 0, limit)
        listed = [
            Listed(result, _standing(entry)) for entry, judged in whole if (result := reading.seen(judged).result)
        ]
    content = table_text(listed, BOARD_COLUMNS, Writing(form, metrics, level, decimals))
    return _file(content, form, f"{challenge}-{task}-{split}", mark)


def _written(result: Result, form: Form, writing: Writing, hub: Hub) -> str:
    """One result in a form; a row in LaTeX, for a table that is there already."""
    names = result.chosen(list(writing.metrics)) if writing.metrics else None
    if form == "model-index":
        return model_index(result, names, hub.dataset)
    if form == "eval-results":
        return eval_results(result, names, hub)
    if form == "json":
        chosen = names or list(result.metrics)
        return result_view(result, chosen, writing.level, writing.decimals).model_dump_json()
    listed = [Listed(result, {})]
    if form == "latex":
        return latex_row(table_of(listed, ROW_COLUMNS, writing))
    return table_text(listed, ROW_COLUMNS, replace(writing, form=form))


def _standing(entry: Entry) -> dict[str, Cell]:
    placing = entry.placing
    return {
        "rank": placing.rank,
        "rank_best": placing.best,
        "rank_worst": placing.worst,
        "team_rank": placing.team_rank,
        "participating": entry.shown.participating,
        "categories_won": entry.won,
    }


def _answer(request: Request, content: str, form: Form, name: str) -> Response:
    etag = tag(content, form)
    return not_modified(etag) if is_unchanged(request, etag) else _file(content, form, name, etag)


def _file(content: str, form: Form, name: str, etag: str) -> Response:
    """`content` as a browser keeps it; a program reads the same."""
    disposition = f'inline; filename="holdout-{name}.{ENDING[form]}"'
    return Response(content, media_type=MEDIA[form], headers=validated(etag) | {"Content-Disposition": disposition})
