"""What the API shows: one model per thing, with an example for every field."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from services.gateway.api.words import ReturnedWord
from services.gateway.forecast import Expected
from services.gateway.lifecycle import EvaluationState, Progress, SubmissionState
from services.gateway.outlook import Outlook
from services.gateway.store.challenges import Published
from services.gateway.store.submissions import Judged
from shared.challenge import Fact, Limits, Name, Protocol, Split, Task, Winner
from shared.messages import Standing
from shared.report import Failure, Interval, Intervals, LabelsWord, Metrics, Note

MOMENT = "2026-01-31T12:00:00Z"
SUBMISSION = "7a6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

Timings = TypeAliasType("Timings", dict[str, float])


class LimitsView(BaseModel):
    """How often a team may submit here."""

    pool: str = Field(examples=["ilsvrc-classification-localization-2012"])
    places: int = Field(examples=[2])
    window_seconds: int = Field(examples=[604800])
    forgiven_per_day: int | None = Field(examples=[20], description="rejected files given back per day; null: all")


class SplitView(BaseModel):
    """A set of images that can be submitted to."""

    name: str = Field(examples=["test"])
    title: str = Field(examples=["Test"])
    images: int = Field(examples=[100000])
    held_out: bool = Field(examples=[True], description="whether the ground truth is secret")
    open: bool = Field(examples=[True], description="whether it takes submissions now")
    notice: str = Field(examples=["The demo's test set is the validation set."])
    limits: LimitsView


class TaskView(BaseModel):
    """A task: what to predict, in which form, and how it is judged."""

    name: str = Field(examples=["classification"])
    title: str = Field(examples=["Image classification"])
    kind: str = Field(examples=["classification"])
    headline: str = Field(examples=["top_5_error"], description="the metric shown first; `…_error` sorts down")
    winner: Winner = Field(examples=["headline"], description="what decides: the headline, or most categories won")
    winner_rule: str = Field(examples=["The lowest error with five guesses wins."])
    protocol: Protocol = Field(examples=[{"confidence": "proven", "source": "eval_flat.m (2012 kit)"}])
    guesses: int = Field(examples=[5])
    categories: int = Field(examples=[1000])
    max_bytes: int = Field(examples=[16777216])
    format: str = Field(examples=["one line per image: up to 5 category ids, best first"])
    sample: str = Field(examples=["771 778 794 387 650\n363 691 764 923 427\n737 369 430 531 124\n"])
    splits: list[SplitView]


class ChallengeView(BaseModel):
    """An edition."""

    name: str = Field(examples=["ilsvrc2012"])
    version: int = Field(examples=[1])
    title: str = Field(examples=["ImageNet Large Scale Visual Recognition Challenge 2012"])
    year: int = Field(examples=[2012])
    description: str = Field(examples=["1000 categories, 50,000 validation and 100,000 test images."])
    sources: list[str] = Field(examples=[["ILSVRC2012 development kit"]])
    facts: list[Fact] = Field(description="what is said of the edition, from where, and how sure it is")
    definition: str = Field(examples=[DIGEST], description="SHA-256 of the published definition")
    tasks: list[TaskView]


class EvaluationView(BaseModel):
    """One run of the scorer over a submission."""

    id: UUID = Field(examples=[SUBMISSION])
    state: EvaluationState = Field(examples=["scored"])
    attempt: int = Field(examples=[1])
    scorer: str | None = Field(examples=["scorer-1"], description="which scorer has it, or had it last")
    stage: str | None = Field(examples=["scoring"], description="what the scorer is doing, while it runs")
    created_at: datetime = Field(examples=[MOMENT])
    enqueued_at: datetime | None = Field(examples=[MOMENT], description="when the queue had it")
    started_at: datetime | None = Field(examples=[MOMENT], description="when a scorer was first heard to have it")
    finished_at: datetime | None = Field(examples=[MOMENT])
    metrics: Metrics | None = Field(examples=[{"top_1_error": 0.22394, "top_5_error": 0.06178}])
    intervals: Intervals | None = Field(examples=[{"top_5_error": {"99.9": {"low": 0.05826, "high": 0.06536}}}])
    failure: Failure | None = Field(
        examples=[None], description="why there is no score: the file's fault (rejected) or ours (failed)"
    )
    fault_count: int = Field(examples=[0])
    notes: list[Note] | None = Field(examples=[None], description="what was accepted and may not be meant")
    report_digest: str | None = Field(examples=[DIGEST])
    timings: Timings | None = Field(examples=[{"fetch": 0.02, "score": 0.03}], description="seconds by stage")


class QueueView(BaseModel):
    """Where a queued evaluation stands, and an estimate of how long it takes. An estimate changes with what others send."""

    position: int | None = Field(examples=[12], description="how many are begun before it; null: queued just now")
    begun_in_seconds: float | None = Field(examples=[7.4], description="null where it is not known: see `basis`")
    done_in_seconds: float | None = Field(examples=[8.6], description="null where it is not known: see `basis`")
    basis: str = Field(
        examples=["median of the last 57 runs of this split, 1.21 s; 2 run at once"],
        description="how it is known, or why it is not",
    )


class SubmissionView(BaseModel):
    """One file that a team sent."""

    id: UUID = Field(examples=[SUBMISSION])
    team: str = Field(examples=["SuperVision"])
    challenge: str = Field(examples=["ilsvrc2012"])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["test"])
    state: SubmissionState = Field(examples=["sealed"])
    method: str = Field(examples=["AlexNet, five networks averaged"])
    description: str = Field(examples=["Eight layers, ReLU, dropout."])
    track: str = Field(examples=["provided"])
    labels: LabelsWord = Field(examples=["ilsvrc"], description="how the file names categories")
    participating: bool = Field(examples=[True], description="whether it is in the contest, once it is on the board")
    entry: UUID | None = Field(
        examples=[None], description="the submission whose place it shares; null: it has its own"
    )
    published: bool = Field(examples=[True])
    digest: str | None = Field(examples=[DIGEST], description="SHA-256 of the decompressed bytes")
    size_bytes: int | None = Field(examples=[974162])
    received_digest: str | None = Field(examples=[DIGEST], description="SHA-256 of the bytes as received")
    received_bytes: int | None = Field(examples=[401222])
    created_at: datetime = Field(examples=[MOMENT])
    sealed_at: datetime | None = Field(examples=[MOMENT])
    forgiven_at: datetime | None = Field(
        examples=[None], description="when its place came back because its score was at chance level"
    )
    evaluation: EvaluationView | None
    queue: QueueView | None = Field(
        examples=[None], description="its place in line while its evaluation is `queued`; null otherwise"
    )


class SubmissionPage(BaseModel):
    """A page of submissions, new to old."""

    items: list[SubmissionView]
    next: str | None = Field(
        examples=["1769860800000000.7a6f3f0e6a0e4a8e9c0e0d9d6f1f2b11"], description="cursor of the next page"
    )


class AcceptedView(BaseModel):
    """A sealed submission, queued for scoring or scored already, and what the team has left."""

    submission: SubmissionView
    allowance: Standing
    reused: bool = Field(examples=[False], description="true: an earlier submission of the same bytes, at no cost")


class _What(BaseModel):
    """What was sent, and where to; null where nothing is kept of it."""

    challenge: str | None = Field(examples=["ilsvrc2012"])
    task: str | None = Field(examples=["classification"])
    split: str | None = Field(examples=["test"])
    method: str | None = Field(examples=["AlexNet, five networks averaged"])


class PlaceView(_What):
    """One place in use: by what, how far that has come, and when the place comes back."""

    submission: UUID = Field(examples=[SUBMISSION])
    state: Literal["held", "spent"] = Field(examples=["spent"], description="held: its upload is still under way")
    progress: Progress | None = Field(examples=["scored"], description="how far its submission has come")
    taken_at: datetime = Field(examples=[MOMENT])
    returns_at: datetime = Field(examples=["2026-02-07T12:00:00Z"])


class ReturnedView(_What):
    """One place that came back within the last 24 hours, and why."""

    submission: UUID = Field(examples=[SUBMISSION])
    reason: ReturnedWord = Field(
        examples=["rejected"],
        description="rejected: the file's fault; failed: ours; forgiven: scored, and given back all the same; "
        "refused: the upload was no file to take; cut: it broke off; reused: the same bytes were sent before",
    )
    taken_at: datetime = Field(examples=[MOMENT])
    returned_at: datetime = Field(examples=[MOMENT])


class PoolView(BaseModel):
    """A team's standing in a pool, right now by the ledger's clock, and what explains it."""

    pool: Name = Field(examples=["ilsvrc-classification-localization-2012"])
    places: int = Field(examples=[2], description="how many there are in any window")
    window_seconds: int = Field(examples=[604800])
    remaining: int = Field(examples=[1])
    next_free_at: datetime | None = Field(examples=[None], description="null while a place is free")
    taken: list[PlaceView] = Field(description="the places in use, the first to come back first")
    given_back: list[ReturnedView] = Field(description="the places that came back in the last 24 hours, newest first")
    forgiven_left: int | None = Field(
        examples=[19], description="rejected files of the next 24 hours that cost nothing; null: all of them"
    )
    now: datetime = Field(examples=[MOMENT], description="the ledger's clock")


class AllowanceView(BaseModel):
    """What a team has left in every pool that it can submit to."""

    team: str = Field(examples=["SuperVision"])
    pools: list[PoolView]


class EntryView(BaseModel):
    """A place on the board."""

    rank: int | None = Field(examples=[1], description="null: not in the contest")
    rank_range: tuple[int, int] | None = Field(
        examples=[(1, 2)],
        description="the ranks that the 99.9 % intervals leave open; where two ranges overlap, so may the ranks; null "
        "where there is no rank, and where categories won decide it",
    )
    submission: UUID = Field(examples=[SUBMISSION])
    team: str = Field(examples=["SuperVision"])
    team_rank: int | None = Field(examples=[1], description="where the team stands by its best entry")
    participating: bool = Field(examples=[True], description="whether it is in the contest")
    entry: UUID = Field(
        examples=[SUBMISSION], description="the first file of the entry, whose place all its files share"
    )
    method: str = Field(examples=["AlexNet, five networks averaged"])
    description: str = Field(examples=["Eight layers, ReLU, dropout."])
    track: str = Field(examples=["provided"])
    published_at: datetime = Field(examples=[MOMENT])
    value: float = Field(examples=[0.15315], description="the headline metric, full precision")
    interval: Interval = Field(examples=[{"low": 0.1494, "high": 0.1569}], description="99.9 %, over images")
    categories_won: int | None = Field(
        examples=[None], description="in how many it is better than all others of the contest; null: not counted"
    )
    metrics: Metrics = Field(examples=[{"top_1_error": 0.36, "top_5_error": 0.15315}])


class LeaderboardView(BaseModel):
    """A split's entries in rank order."""

    challenge: str = Field(examples=["ilsvrc2012"])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["test"])
    headline: str = Field(examples=["top_5_error"])
    order: Literal["ascending", "descending"] = Field(examples=["ascending"], description="of the headline")
    winner: Winner = Field(examples=["headline"], description="what decides the task")
    by: Winner = Field(examples=["headline"], description="what this board is ordered by")
    count: int = Field(examples=[1], description="how many entries there are on the whole board")
    entries: list[EntryView]
    next: str | None = Field(
        None, examples=["100.7a6f3f0e6a0e4a8e9c0e0d9d6f1f2b11"], description="cursor of the next page; null: the end"
    )


def limits_view(limits: Limits) -> LimitsView:
    """A definition's limits, shown."""
    return LimitsView(**limits.model_dump())


def split_view(name: str, split: Split, is_open: bool) -> SplitView:
    """A definition's split, shown."""
    return SplitView(
        name=name,
        title=split.title,
        images=split.images,
        held_out=split.held_out,
        open=is_open,
        notice=split.notice,
        limits=limits_view(split.limits),
    )


def task_view(published: Published, name: str, task: Task) -> TaskView:
    """A definition's task, shown."""
    splits = [split_view(key, split, (name, key) in published.truths) for key, split in task.splits.items()]
    return TaskView(
        name=name,
        title=task.title,
        kind=task.kind,
        headline=task.headline,
        winner=task.winner,
        winner_rule=task.winner_rule,
        protocol=task.protocol,
        guesses=task.guesses,
        categories=task.categories,
        max_bytes=task.max_bytes,
        format=task.format,
        sample=task.sample,
        splits=splits,
    )


def challenge_view(published: Published) -> ChallengeView:
    """A published definition, shown."""
    challenge = published.challenge
    return ChallengeView(
        name=challenge.name,
        version=challenge.version,
        title=challenge.title,
        year=challenge.year,
        description=challenge.description,
        sources=list(challenge.sources),
        facts=list(challenge.facts),
        definition=published.digest,
        tasks=[task_view(published, name, task) for name, task in challenge.tasks.items()],
    )


def queue_view(expected: Expected) -> QueueView:
    """A place in line, shown; a tenth of a second is more than is known."""
    begun, done = expected.begun_seconds, expected.done_seconds
    return QueueView(
        position=expected.position,
        begun_in_seconds=None if begun is None else round(begun, 1),
        done_in_seconds=None if done is None else round(done, 1),
        basis=expected.basis,
    )


def submission_view(judged: Judged, outlook: Outlook) -> SubmissionView:
    """A submission with its newest evaluation, shown; while that is queued, with its place in line."""
    row, evaluation = judged.submission, judged.evaluation
    return SubmissionView.model_validate(
        {
            "team": judged.team.name,
            "published": row.published_at is not None,
            "entry": row.entry_id,
            "queue": queue_view(outlook.of(evaluation.id)) if evaluation and evaluation.state == "queued" else None,
            "evaluation": EvaluationView.model_validate(evaluation, from_attributes=True) if evaluation else None,
        }
        | {name: getattr(row, name) for name in SubmissionView.model_fields if hasattr(row, name)}
    )
