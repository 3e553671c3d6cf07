"""How a result is to be written, as every route declares it that writes one."""

from typing import Annotated, Literal

from fastapi import Query

from services.gateway.results.figures import MOST_DECIMALS

Level = Annotated[Literal["95", "99.9"], Query(description="of the interval, in per cent")]
Decimals = Annotated[
    int, Query(ge=0, le=MOST_DECIMALS, description="digits behind the point; of per cent, where it is a share")
]
Metrics = Annotated[
    list[str] | None,
    Query(alias="metric", max_length=50, description="which metrics, each by its name; repeat it for several"),
]

OfChallenge = Annotated[str | None, Query(max_length=64, description="only of this edition")]
OfTask = Annotated[str | None, Query(max_length=64, description="only of this task")]
OfSplit = Annotated[str | None, Query(max_length=64, description="only of this split")]
InFamily = Annotated[
    str | None,
    Query(min_length=1, max_length=200, description="only of this family: a method's name before its last `@`"),
]
