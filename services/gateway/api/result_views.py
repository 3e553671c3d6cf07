"""What the API shows of a result, as one JSON object."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.gateway.api.views import DIGEST, MOMENT, SUBMISSION
from services.gateway.results.result import Result
from services.gateway.results.tables import WORDS
from shared.challenge import Numbering
from shared.report import Interval


class MetricView(BaseModel):
    """A metric of a result."""

    value: float = Field(examples=[0.06178], description="in full precision")
    intervals: dict[str, Interval] = Field(
        examples=[{"95": {"low": 0.05972, "high": 0.06386}}], description="by level, in per cent"
    )
    text: str = Field(examples=["6.18 % [5.97, 6.39]"], description="rounded, its interval outwards")


class ResultView(BaseModel):
    """A scored submission with all that makes its score one."""

    submission: UUID = Field(examples=[SUBMISSION])
    team: str = Field(examples=["SuperVision"])
    method: str = Field(examples=["ResNet-152@v2"])
    family: str = Field(examples=["ResNet-152"], description="the method's name before its last `@`")
    revision: str = Field(examples=["v2"], description="what is behind it; empty where there is none")
    description: str = Field(examples=["Eight layers, ReLU, dropout."])
    track: str = Field(examples=["provided"])
    labels: Numbering = Field(examples=["ilsvrc"], description="how the file names categories")
    challenge: str = Field(examples=["ilsvrc2012"])
    version: int = Field(examples=[1], description="of the definition that it was judged by")
    title: str = Field(examples=["ImageNet Large Scale Visual Recognition Challenge 2012"])
    year: int = Field(examples=[2012])
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["validation"])
    created_at: datetime = Field(examples=[MOMENT])
    finished_at: datetime = Field(examples=[MOMENT])
    published_at: datetime | None = Field(
        examples=[MOMENT], description="since when it is on the board; null: it is not"
    )
    headline: str = Field(examples=["top_5_error"], description="the metric that is shown first")
    metrics: dict[str, MetricView] = Field(description="by name; shares are from 0 to 1")
    scorer_version: str = Field(examples=["0.1.0"])
    truth: str = Field(examples=[DIGEST], description="SHA-256 of the ground truth")
    definition: str = Field(examples=[DIGEST], description="SHA-256 of the published definition")
    digest: str = Field(examples=[DIGEST], description="SHA-256 of the file, decompressed")
    url: str = Field(examples=[""], description="its page on the board; empty where it is on none")


def result_view(result: Result, names: list[str], level: str, decimals: int) -> ResultView:
    """A result, shown with these metrics."""
    challenge = result.place.challenge
    metrics = {
        name: MetricView(
            value=result.metrics[name],
            intervals=dict(result.intervals.get(name, {})),
            text=result.figure(name, level, decimals).text(),
        )
        for name in names
    }
    words = {name: word(result) for name, word in WORDS.items()}
    return ResultView.model_validate(words | {"title": challenge.title, "year": challenge.year, "metrics": metrics})
