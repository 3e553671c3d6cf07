"""What the models are held against: an earlier run, kept with --json, or one number for all. Pure but for the reading."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.gateway.client.endings import USAGE, Ending, Json
from services.gateway.client.zoo.models import Zoo

POINT = 0.01
"""A percentage point of a metric."""
ROUNDING = 1e-9
"""What arithmetic may add to a difference."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Values of one metric: by the names of models, or one for all. `falls` is whether less is better."""

    metric: str
    falls: bool
    values: Mapping[str, float]
    limit: float | None = None

    def compared(self, name: str, value: float | None, tolerance_points: float) -> Json:
        """A model beside the baseline. One that had a value and has none now is worse; a new one is not."""
        before = self.values.get(name, self.limit)
        lost = None if before is None or value is None else (value - before) * (1 if self.falls else -1)
        is_worse = before is not None and (lost is None or lost > tolerance_points * POINT + ROUNDING)
        points = None if lost is None else round(lost / POINT, 6)
        return {"name": name, "baseline": before, "value": value, "worse_by_points": points, "worse": is_worse}


def baseline_at(said: str, zoo: Zoo, metric: str, falls: bool) -> Baseline:
    """The baseline that the command line names; refuses one of another split, for nothing follows from that."""
    try:
        limit = float(said)
    except ValueError:
        kept = kept_at(Path(said))
    else:
        if not math.isfinite(limit):
            raise Ending(USAGE, f"{said} is no baseline", "  give a number, or a file")
        return Baseline(metric, falls, {}, limit)
    if (place := tuple(kept.get(name) for name in ("challenge", "task", "split"))) != zoo.place:
        raise Ending(USAGE, f"{said} is of {' '.join(map(str, place))}", f"  this run is of {' '.join(zoo.place)}")
    scored = [model for model in kept["models"] if metric in (model.get("metrics") or {})]
    return Baseline(metric, falls, {model["name"]: model["metrics"][metric] for model in scored})


def kept_at(path: Path) -> Json:
    """What an earlier run with --json printed."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}", "  give a number, or a file") from error
    except ValueError as error:
        raise Ending(USAGE, f"{path} is no JSON: {error}", "  give what `zoo … --json` printed") from None
    if not (isinstance(kept, dict) and isinstance(kept.get("models"), list) and all(map(is_model, kept["models"]))):
        raise Ending(USAGE, f"{path} is not what `zoo … --json` printed", "  keep that, and give it here")
    return kept


def is_model(value: object) -> bool:
    """Whether it can be a model of such a document."""
    return isinstance(value, dict) and isinstance(value.get("name"), str)
