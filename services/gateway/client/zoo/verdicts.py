"""What a run comes to: one exit code for a script, and one document for a program. Pure."""

from collections.abc import Mapping, Sequence

from services.gateway.client.endings import (
    FAILED,
    FINE,
    OVER,
    REFUSED,
    REJECTED,
    UNREPRODUCED,
    WORSE,
    Json,
)
from services.gateway.client.zoo.baselines import Baseline
from services.gateway.client.zoo.models import Zoo
from services.gateway.client.zoo.runs import Run

OVER_STATUS = 429
TOLD = ("state", "known", "metrics", "intervals", "claims", "reproduced", "failure", "problem", "submission")


def comparison(baseline: Baseline | None, zoo: Zoo, run: Run, tolerance_points: float) -> list[Json]:
    """Each model beside the baseline, and what the baseline has that is missing here."""
    if baseline is None:
        return []
    values: dict[str, float | None] = dict.fromkeys(baseline.values)
    for model, view in zip(zoo.models, run.results.views, strict=True):
        values[model.name] = (view.get("metrics") or {}).get(baseline.metric)
    return [baseline.compared(name, value, tolerance_points) for name, value in sorted(values.items())]


def verdict(run: Run, compared: Sequence[Json], needs_claims: bool) -> int:
    """The exit code: of the run if it broke off, else of models without a score, else of scores."""
    if run.ending is not None:
        return run.ending.code
    views, states = run.results.views, run.results.counts()
    refused = [view["problem"].get("status") for view in views if view["state"] == "refused"]
    found = {
        FAILED: states["failed"],
        REFUSED: any(status != OVER_STATUS for status in refused),
        OVER: refused,
        REJECTED: states["rejected"],
        WORSE: any(one["worse"] for one in compared),
        UNREPRODUCED: needs_claims and any(view.get("reproduced") is False for view in views),
    }
    return next((code for code, is_so in found.items() if is_so), FINE)


def document(
    zoo: Zoo, headline: str, run: Run, compared: Sequence[Json], faults: Mapping[int, Json], seconds: float
) -> Json:
    """All of it. Kept, it is a baseline for later runs."""
    challenge, task, split = zoo.place
    models = [
        {"name": model.name, "file": str(model.path), "revision": model.said.get("revision")}
        | {name: view.get(name) for name in TOLD}
        | faults.get(position, {"faults": [], "fault_count": 0})
        for position, (model, view) in enumerate(zip(zoo.models, run.results.views, strict=True))
    ]
    return {
        "challenge": challenge,
        "task": task,
        "split": split,
        "headline": headline,
        "batch": run.batch,
        "finished": run.ending is None,
        "seconds": round(seconds, 3),
        "counts": dict(run.results.counts()),
        "sent": run.results.sent,
        "models": models,
        "compared": list(compared),
        "problem": run.ending.problem if run.ending else None,
    }
