"""The state of the whole in Prometheus' text format. Pure."""

from collections.abc import Iterable, Iterator

from services.gateway.status.state import Figures, Span, Status
from shared.messages import CheckJob, Job

Sample = tuple[str, dict[str, str], float]
"""Name below `holdout_`, labels, value."""

HELP = {
    "part_working": "1 while this part works, 0 in trouble or unknown",
    "up_since_seconds": "when this gateway was started",
    "score_seconds": "from the sealed upload to its outcome, by quantile",
    "scores_timed": "how many uploads the times are of",
    "evaluations_finished": "evaluations that ended, by outcome",
    "evaluations_open": "evaluations under way",
    "queue_age_seconds": "how long the oldest queued evaluation has been waiting",
    "outbox_due": "deeds that are due, by kind",
    "outbox_late_seconds": "how long the oldest due deed has been due, by kind",
    "dead_letters": "deeds that were given up",
    "slots": "jobs that the living scorers take at once, by lane",
    "rehearsal_at_seconds": "when a restore was last rehearsed",
    "rehearsal_identical": "1 if boards and reports were the same afterwards",
}


def exposition(status: Status) -> str:
    """The text that Prometheus reads; what the database does not tell is left out."""
    lines: list[str] = []
    named = ""
    for name, labels, value in _samples(status):
        if name != named:
            lines += [f"# HELP holdout_{name} {HELP[name]}", f"# TYPE holdout_{name} gauge"]
            named = name
        told = ",".join(f'{label}="{text}"' for label, text in labels.items())
        lines.append(f"holdout_{name}{{{told}}} {value:g}" if told else f"holdout_{name} {value:.12g}")
    return "\n".join(lines) + "\n"


def _samples(status: Status) -> Iterator[Sample]:
    for part in status.parts:
        yield "part_working", {"part": part.name}, float(part.condition == "working")
    yield "up_since_seconds", {}, status.up_since.timestamp()
    if status.figures is not None:
        yield from _of_figures(status, status.figures)


def _of_figures(status: Status, found: Figures) -> Iterator[Sample]:
    spans = (("today", found.today), ("week", found.week))
    yield from _quantiles(spans)
    for name, span in spans:
        yield "scores_timed", {"span": name}, span.durations.count
    for name, span in spans:
        for outcome, count in span.outcomes.items():
            yield "evaluations_finished", {"span": name, "outcome": outcome}, count
    yield "evaluations_open", {"state": "queued"}, found.waiting.queued
    yield "evaluations_open", {"state": "running"}, found.waiting.running
    oldest = found.waiting.oldest_queued_at
    yield "queue_age_seconds", {}, (status.at - oldest).total_seconds() if oldest else 0.0
    for owed in found.owed:
        yield "outbox_due", {"kind": owed.kind}, owed.due
    for owed in found.owed:
        yield "outbox_late_seconds", {"kind": owed.kind}, (status.at - owed.oldest_due_at).total_seconds()
    yield "dead_letters", {}, found.dead_letters
    yield from _scorers_and_rehearsal(found)


def _quantiles(spans: Iterable[tuple[str, Span]]) -> Iterator[Sample]:
    for name, span in spans:
        for quantile, value in (("0.5", span.durations.p50_seconds), ("0.9", span.durations.p90_seconds)):
            if value is not None:
                yield "score_seconds", {"span": name, "quantile": quantile}, value


def _scorers_and_rehearsal(found: Figures) -> Iterator[Sample]:
    if found.fleet is not None:
        for lane in (Job.lane, CheckJob.lane):
            yield "slots", {"lane": lane}, found.fleet.slots(lane)
    if found.rehearsal is not None:
        yield "rehearsal_at_seconds", {}, found.rehearsal.at.timestamp()
        yield "rehearsal_identical", {}, float(found.rehearsal.identical)
