"""What badges say: a score, where it stands on its board, how far it is without one, or why there is nothing to say. Pure."""

from services.gateway.lifecycle import Progress
from services.gateway.ranking import Placing
from services.gateway.results.badge import REFUSED, WAITING, Badge
from services.gateway.results.figures import DECIMALS
from services.gateway.results.result import LEVEL, Place, Result, spoken
from shared.errors import Refused

WORDS: dict[Progress, str] = {
    "uploading": "being uploaded",
    "queued": "queued",
    "running": "being scored",
    "rejected": "rejected",
    "failed": "failed, not the file's fault",
    "abandoned": "given up",
}
"""Of a submission without a score."""

OURSELVES = "Holdout"


def score_badge(
    result: Result,
    metric: str,
    level: str = LEVEL,
    decimals: int = DECIMALS,
    with_interval: bool = True,
    label: str | None = None,
) -> Badge:
    """A metric in digits: `ImageNet top-5 error` | `6.18 % [5.97, 6.39]`."""
    figure = result.figure(metric, level, decimals)
    said = label or f"{result.place.known_as} {spoken(metric)}"
    message = figure.text() if with_interval else f"{figure.value} {figure.unit}".strip()
    interval = f", {level} % interval" if with_interval and figure.ends else ""
    return Badge(said, message, f"{said}: {message}{interval}; {where(result.place)}; {whose(result)}")


def rank_badge(result: Result, placing: Placing, won: int | None, count: int, label: str | None = None) -> Badge:
    """Where an entry stands: `ImageNet classification` | `rank 2 [2–4] of 9`."""
    said = label or f"{result.place.known_as} {result.place.task.title.lower()}"
    return Badge(said, _rank(placing, won, count), f"{said}: {_rank(placing, won, count)}; {where(result.place)}")


def state_badge(place: Place, state: Progress, label: str | None = None) -> Badge:
    """How far a submission without a score is."""
    said, message = label or f"{place.known_as} {spoken(place.task.headline)}", WORDS.get(state, state)
    colour = REFUSED if state in ("rejected", "failed") else WAITING
    return Badge(said, message, f"{said}: {message}; {where(place)}", colour)


def refusal_badge(refusal: Refused, label: str | None = None) -> Badge:
    """Why there is nothing to show."""
    message = "not found" if refusal.code == "no-such-submission" else refusal.code.replace("-", " ")
    said = label or OURSELVES
    return Badge(said, message, f"{said}: {refusal.sentence}", WAITING)


def where(place: Place) -> str:
    """The board, in full."""
    return f"{place.challenge.title}, {place.task.title}, {place.split_title}"


def whose(result: Result) -> str:
    """The method and its team."""
    return f"{result.method or 'an unnamed method'} by {result.team}"


def _rank(placing: Placing, won: int | None, count: int) -> str:
    if placing.rank is None:
        return "not in the contest"
    taken = "" if won is None else f", {won} categories won"
    if placing.best is None or placing.best == placing.worst:
        return f"rank {placing.rank} of {count}{taken}"
    return f"rank {placing.rank} [{placing.best}–{placing.worst}] of {count}{taken}"
