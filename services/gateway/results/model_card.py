"""A result for a model's page on Hugging Face: `model-index` of its card, or a file of `.eval_results/`. Pure.

The forms are those of the Hub's documentation: `modelcard.md` and `eval-results.md` of huggingface/hub-docs.
"""

from dataclasses import dataclass
from datetime import UTC

from services.gateway.results.block_yaml import Node, block_yaml
from services.gateway.results.result import Result, spoken
from shared.errors import Refused

HUB_TASKS = {
    "classification": "image-classification",
    "scene-classification": "image-classification",
    "localization": "object-detection",
    "detection": "object-detection",
    "video-detection": "object-detection",
    "video-tracking": "object-detection",
    "scene-parsing": "image-segmentation",
}
"""What the Hub calls the scorer's kinds; one that is not here goes by its own name."""

OURSELVES = "Holdout"


@dataclass(frozen=True, slots=True)
class Hub:
    """What the Hub calls a dataset, and a benchmark's task; None where nobody said."""

    dataset: str | None = None
    task: str | None = None


def model_index(result: Result, names: list[str] | None, dataset: str | None) -> str:
    """What belongs into the head of a model card: every metric, or those of these `names`."""
    place = result.place
    entry: dict[str, Node] = {
        "task": {"type": HUB_TASKS.get(place.task.kind, place.task.kind), "name": place.task.title},
        "dataset": {
            "name": f"{place.challenge.title}: {place.split_title}",
            "type": dataset or place.challenge.name,
            "split": place.split_name,
            "args": {"truth": result.truth, "version": place.challenge.version},
        },
        "metrics": [_metric(result, name) for name in (result.chosen(names) if names else list(result.metrics))],
    }
    name = result.named.family or f"{result.team}, unnamed"
    return block_yaml({"model-index": [{"name": name, "results": [entry | _source(result)]}]})


def eval_results(result: Result, names: list[str] | None, hub: Hub) -> str:
    """A file for `.eval_results/`: one metric, the first of `names` or the headline, on a benchmark of the Hub."""
    if not hub.dataset:
        raise Refused(
            "dataset-missing",
            "this form names the benchmark on the Hub, and there is no telling which it is",
            "add `dataset=owner/name`, and `dataset_task=` where the benchmark's task is not called as here",
        )
    metric = result.chosen(names)[0]
    entry: dict[str, Node] = {
        "dataset": {"id": hub.dataset, "task_id": hub.task or result.place.task_name},
        "value": result.metrics[metric],
        "date": result.finished_at.astimezone(UTC).date().isoformat(),
        **_source(result),
        "notes": f"{spoken(metric)}: {result.figure(metric).text()}; {OURSELVES} {result.scorer}, truth {result.truth}",
    }
    return block_yaml([entry])


def _metric(result: Result, name: str) -> Node:
    metric: dict[str, Node] = {"type": name, "value": result.metrics[name], "name": spoken(name)}
    levels = result.intervals.get(name, {})
    ends: dict[str, Node] = {f"interval_{level}": [end.low, end.high] for level, end in levels.items()}
    return metric | ({"args": ends} if ends else {})


def _source(result: Result) -> dict[str, Node]:
    """Where to look it up: what is on no board cannot be."""
    return {"source": {"name": OURSELVES, "url": result.url}} if result.url else {}
