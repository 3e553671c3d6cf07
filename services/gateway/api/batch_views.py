"""What `/v1/batches` shows: a batch, its models as they stand, and what came of their claims."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.gateway.api.views import DIGEST, MOMENT, SUBMISSION
from services.gateway.lifecycle import FINISHED_STATES, ModelState
from services.gateway.manifests.claims import judge, unreported, unscored
from services.gateway.store.batches import Followed
from services.gateway.tables import BatchRow
from shared.challenge import Numbering
from shared.problems import problem_content
from shared.report import Failure, FaultLine, Interval

BATCH = "0b6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11"


class ModelProblem(BaseModel):
    """Why a model is refused, or not taken yet: a problem (RFC 9457) of its own."""

    type: str = Field(examples=["urn:holdout:problem:model-invalid"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422], description="what the answer would be if the model were sent by itself")
    detail: str = Field(examples=["/models/3/name: Field required"])
    code: str = Field(examples=["model-invalid"])
    remedy: str | None = Field(None, examples=["mend it and send the manifest again"])
    errors: list[FaultLine] | None = Field(None, description="its faults, by their place in the manifest")
    error_count: int | None = Field(None, examples=[1])
    next_free_at: str | None = Field(None, examples=[None], description="when the next place is free")
    retry_after_seconds: int | None = Field(
        None, examples=[None], description="when to come back; null: not by waiting"
    )


class ClaimView(BaseModel):
    """A claimed metric beside its score."""

    claimed: float = Field(examples=[0.0618])
    score: float | None = Field(examples=[0.06178], description="null while there is none")
    difference: float | None = Field(examples=[-0.00002], description="score minus claim")
    reproduced: bool | None = Field(
        examples=[True], description="whether the score, rounded as the claim is, is the claim, or within the tolerance"
    )
    problem: ModelProblem | None = Field(None, description="why the claim cannot be judged")


class ModelSubmission(BaseModel):
    """The submission that a model is."""

    id: UUID = Field(examples=[SUBMISSION])
    url: str = Field(examples=[f"/v1/submissions/{SUBMISSION}"])


class ModelUpload(BaseModel):
    """Where the file of a wanted model goes."""

    url: str = Field(examples=[f"/v1/batches/{BATCH}/models/0/file"], description="for `PUT`")


class ModelView(BaseModel):
    """A model of a batch as it stands."""

    index: int = Field(examples=[0], description="its place in the manifest, from 0")
    name: str = Field(examples=["resnet50"])
    revision: str | None = Field(examples=["IMAGENET1K_V2"])
    labels: Numbering = Field(examples=["ilsvrc"], description="how its file names categories")
    file: str | None = Field(examples=["resnet50.txt"])
    sha256: str | None = Field(examples=[DIGEST], description="of its file; null where the manifest is wrong about it")
    state: ModelState = Field(examples=["scored"])
    known: bool = Field(
        examples=[False], description="an earlier submission of the same bytes stands for it, at no cost"
    )
    same_as: int | None = Field(examples=[None], description="the first model of this batch that has the same bytes")
    problem: ModelProblem | None = Field(description="why it is `refused`, or was not taken yet while it is `wanted`")
    submission: ModelSubmission | None
    upload: ModelUpload | None = Field(description="where its file goes, while it is wanted or refused for a while")
    metrics: dict[str, float] | None = Field(examples=[{"top_1_error": 0.22394, "top_5_error": 0.06178}])
    intervals: dict[str, dict[str, Interval]] | None = Field(
        examples=[{"top_5_error": {"99.9": {"low": 0.05826, "high": 0.06536}}}]
    )
    failure: Failure | None = Field(
        examples=[None], description="why there is no score: the file's fault (rejected) or ours (failed)"
    )
    claims: dict[str, ClaimView] = Field(description="by metric")
    reproduced: bool | None = Field(
        examples=[True],
        description="whether all claims are reproduced; null without claims, or while there is no score",
    )
    change: int = Field(examples=[17], description="the number of its last change in the batch; a stream's `id`")


class BatchSummary(BaseModel):
    """A batch without its models."""

    id: UUID = Field(examples=[BATCH])
    challenge: str = Field(examples=["ilsvrc2012"])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["validation"])
    tolerance: float | None = Field(examples=[None], description="how far a score may be from a claim")
    created_at: datetime = Field(examples=[MOMENT])
    wanted_until: datetime = Field(examples=[MOMENT], description="when models that never came are given up")
    finished: bool = Field(examples=[True], description="whether every model is refused, scored, rejected or failed")
    counts: dict[ModelState, int] = Field(examples=[{"scored": 8}], description="how many models are in which state")


class BatchView(BatchSummary):
    """A batch with all its models, in the manifest's order."""

    models: list[ModelView]


class BatchPage(BaseModel):
    """A page of batches, new to old."""

    items: list[BatchSummary]
    next: str | None = Field(examples=[None], description="cursor of the next page; null on the last one")


def summary_view(batch: BatchRow, counts: Mapping[ModelState, int]) -> BatchSummary:
    """A batch, shown without its models."""
    said: dict[str, Any] = {name: getattr(batch, name) for name in ("id", "challenge", "task", "split", "created_at")}
    said |= {"wanted_until": batch.wanted_until, "counts": dict(counts)}
    said["tolerance"] = None if batch.tolerance is None else float(batch.tolerance)
    return BatchSummary(finished=set(counts) <= set(FINISHED_STATES), **said)


def batch_view(batch: BatchRow, models: Sequence[Followed]) -> BatchView:
    """A batch, shown."""
    counts: dict[ModelState, int] = {}
    for one in models:
        counts[one.state] = counts.get(one.state, 0) + 1
    shown = [model_view(batch, one) for one in models]
    return BatchView(**summary_view(batch, counts).model_dump(), models=shown)


def model_view(batch: BatchRow, found: Followed) -> ModelView:
    """A model, shown."""
    model, evaluation = found.model, found.evaluation
    is_open = found.state in ("wanted", "refused")
    claims = _claims(batch, found)
    named = ("index", "name", "revision", "labels", "file", "known", "same_as", "problem", "change")
    said = {name: getattr(model, name) for name in named} | {"state": found.state, "sha256": model.digest}
    said["submission"] = None if is_open or found.submission is None else _submission(found.submission.id)
    said["upload"] = _upload(batch.id, model.index) if is_open and model.digest is not None else None
    for name in ("metrics", "intervals", "failure"):
        said[name] = getattr(evaluation, name) if evaluation is not None and not is_open else None
    judged = [claim.reproduced for claim in claims.values()]
    said["reproduced"] = all(judged) if judged and found.state == "scored" else None
    return ModelView.model_validate(said | {"claims": claims})


def _submission(submission: UUID) -> ModelSubmission:
    return ModelSubmission(id=submission, url=f"/v1/submissions/{submission}")


def _upload(batch: UUID, index: int) -> ModelUpload:
    return ModelUpload(url=f"/v1/batches/{batch}/models/{index}/file")


def _claims(batch: BatchRow, found: Followed) -> dict[str, ClaimView]:
    scored = found.evaluation.metrics if found.evaluation is not None and found.state == "scored" else None
    return {
        metric: _claim(metric, str(claimed), scored, batch.tolerance) for metric, claimed in found.model.claimed.items()
    }


def _claim(metric: str, claimed: str, metrics: dict[str, Any] | None, tolerance: str | None) -> ClaimView:
    if metrics is None or metric not in metrics:
        view = ClaimView.model_validate(unscored(claimed), from_attributes=True)
        if metrics is None:
            return view
        problem = ModelProblem.model_validate(problem_content(unreported(metric, metrics)))
        return view.model_copy(update={"reproduced": False, "problem": problem})
    return ClaimView.model_validate(judge(claimed, float(metrics[metric]), tolerance), from_attributes=True)
