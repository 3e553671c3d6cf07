"""`/v1/families`, `/v1/family`: a team's models by name, and the history of one from revision to revision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.gateway.actions.results import Reading, Seen
from services.gateway.api.auth import DeskDep, Reader
from services.gateway.api.cursors import PageCursor, PageLimit, read_cursor, write_cursor
from services.gateway.api.result_parameters import OfChallenge, OfSplit, OfTask
from services.gateway.api.views import DIGEST, MOMENT, SUBMISSION
from services.gateway.families import named
from services.gateway.lifecycle import EvaluationState
from services.gateway.results.history import Change, changes
from services.gateway.store import results
from services.gateway.store.results import Used, Within
from services.gateway.store.submissions import Cursor
from shared.errors import Forbidden, Missing, Refused, Unauthenticated
from shared.report import Interval
from shared.web import problems

router = APIRouter(prefix="/v1", tags=["results"])

MOST_REVISIONS = 1000
SHOWN_REVISIONS = 100
"""Of each family in the list; its history has all."""

FamilyName = Annotated[
    str,
    Query(min_length=1, max_length=200, description="the methods' name before its last `@`", examples=["ResNet-152"]),
]


class FamilySummary(BaseModel):
    """A family: submissions whose methods have one name before the last `@`."""

    name: str = Field(examples=["ResNet-152"])
    submissions: int = Field(examples=[7])
    revisions: list[str] = Field(
        examples=[["v2", "v1"]],
        description=f"the last used first, up to {SHOWN_REVISIONS}; without those that have none",
    )
    latest_at: datetime = Field(examples=[MOMENT], description="when its last submission was begun")


class FamilyPage(BaseModel):
    """A page of families, the last used first."""

    items: list[FamilySummary]
    next: str | None = Field(examples=[None], description="cursor of the next page; null on the last one")


class DifferenceView(BaseModel):
    """A metric, compared with what it was before."""

    before: float = Field(examples=[0.0645])
    difference: float = Field(examples=[-0.0027], description="now minus before")
    better: bool | None = Field(examples=[True], description="null: the same")
    apart: bool | None = Field(
        examples=[False],
        description="whether the 99.9 % intervals have no point in common, by which boards tell entries apart; null: "
        "there are none, or the two are not comparable",
    )


class ChangeView(BaseModel):
    """What changed since the scored submission before, of the same family and split."""

    since: UUID = Field(examples=[SUBMISSION])
    comparable: bool = Field(examples=[True], description="judged by the same ground truth and version of the scorer")
    because: str = Field(examples=[""], description="why it is not")
    metrics: dict[str, DifferenceView] = Field(description="those that both have")


class RevisionView(BaseModel):
    """One submission of a family, and what changed with it."""

    submission: UUID = Field(examples=[SUBMISSION])
    method: str = Field(examples=["ResNet-152@v2"])
    revision: str = Field(examples=["v2"], description="empty where the method's name has none")
    challenge: str = Field(examples=["ilsvrc2012"])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["validation"])
    state: EvaluationState = Field(examples=["scored"])
    created_at: datetime = Field(examples=[MOMENT])
    finished_at: datetime | None = Field(examples=[MOMENT])
    published: bool = Field(examples=[False])
    headline: str = Field(examples=["top_5_error"])
    metrics: dict[str, float] | None = Field(examples=[{"top_5_error": 0.0618}], description="null: no score")
    intervals: dict[str, dict[str, Interval]] | None = Field(
        examples=[{"top_5_error": {"99.9": {"low": 0.0583, "high": 0.0654}}}]
    )
    scorer_version: str | None = Field(examples=["0.1.0"])
    version: int = Field(examples=[1], description="of the definition")
    truth: str = Field(examples=[DIGEST], description="SHA-256 of the ground truth")
    digest: str | None = Field(examples=[DIGEST], description="SHA-256 of the file, decompressed")
    change: ChangeView | None = Field(description="null: the first score of its split, or no score")


class HistoryView(BaseModel):
    """A family's submissions, from old to new."""

    name: str = Field(examples=["ResNet-152"])
    team: str = Field(examples=["SuperVision"])
    items: list[RevisionView]


@router.get(
    "/families",
    operation_id="list_families",
    summary="My team's models by name, the last used first",
    responses=problems(Refused, Unauthenticated, Forbidden),
)
def list_families(desk: DeskDep, caller: Reader, limit: PageLimit = 20, cursor: PageCursor = None) -> FamilyPage:
    """`ResNet-152@v2` is revision v2 of the family ResNet-152; methods without a name are of none.

    A family that is used while its list is read goes to the front of it.
    """
    after = read_cursor(cursor)
    with desk.database.begin() as session:
        families = _families(results.methods(session, caller.team))
    left = [each for each in families if after is None or each[0] < (after.created_at, after.id)]
    following = write_cursor(Cursor(*left[limit - 1][0])) if len(left) > limit else None
    return FamilyPage(items=[_summary(name, used) for _, name, used in left[:limit]], next=following)


def _families(methods: Sequence[Used]) -> list[tuple[tuple[datetime, UUID], str, list[Used]]]:
    """Each family by its last use, its name, and the methods that are of it; the last used first, as `methods` are."""
    families: dict[str, list[Used]] = {}
    for each in methods:
        if name := named(each.method).family:
            families.setdefault(name, []).append(each)
    return [((used[0].latest_at, used[0].latest), name, used) for name, used in families.items()]


def _summary(name: str, used: Sequence[Used]) -> FamilySummary:
    revisions = list(dict.fromkeys(revision for each in used if (revision := named(each.method).revision)))
    return FamilySummary(
        name=name,
        submissions=sum(each.count for each in used),
        revisions=revisions[:SHOWN_REVISIONS],
        latest_at=used[0].latest_at,
    )


@router.get(
    "/family",
    operation_id="read_family",
    summary="The history of one model, from revision to revision",
    responses=problems(Refused, Unauthenticated, Forbidden, Missing),
)
def read_family(
    desk: DeskDep,
    caller: Reader,
    name: FamilyName,
    challenge: OfChallenge = None,
    task: OfTask = None,
    split: OfSplit = None,
    limit: Annotated[int, Query(ge=1, le=MOST_REVISIONS, description="the newest so many")] = MOST_REVISIONS,
) -> HistoryView:
    """The team's submissions of that name, from old to new, each with what changed since the last score of its split.

    A submission that is evaluated anew counts by the outcome that it has.
    """
    with desk.database.begin() as session:
        reading = Reading(desk, session)
        rows = results.own(session, caller.team, Within(challenge, task, split, name.strip()), limit)
        seen = [reading.seen(judged) for judged in rows]
    if not seen:
        raise Missing("no-such-family", f"your team has no such submission of {name!r}", "GET /v1/families lists them")
    brought = changes([one.result for one in seen if one.result])
    items = [_revision_view(one, brought.get(one.judged.submission.id)) for one in seen]
    return HistoryView(name=name.strip(), team=caller.team_name, items=items)


def _revision_view(seen: Seen, change: Change | None) -> RevisionView:
    row, evaluation, result = seen.judged.submission, seen.judged.evaluation, seen.result
    assert evaluation is not None  # it is sealed
    told = {name: getattr(row, name) for name in ("method", "challenge", "task", "split", "created_at", "digest")}
    return RevisionView.model_validate(
        told
        | {name: getattr(evaluation, name) for name in ("state", "finished_at", "scorer_version", "version", "truth")}
        | {
            "submission": row.id,
            "revision": named(row.method).revision,
            "published": row.published_at is not None,
            "headline": seen.place.task.headline,
            "metrics": dict(result.metrics) if result else None,
            "intervals": {name: dict(levels) for name, levels in result.intervals.items()} if result else None,
            "change": _change_view(change) if change else None,
        }
    )


def _change_view(change: Change) -> ChangeView:
    metrics = {name: DifferenceView.model_validate(each, from_attributes=True) for name, each in change.metrics.items()}
    return ChangeView(since=change.since, comparable=not change.because, because=change.because, metrics=metrics)
