"""Reduces what became of detections to what a report says: means, each category's figures and curve, an interval.

Last step of scoring the tasks of boxes: objects → found_objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median

from services.scorer.metrics.average_precision import Area
from services.scorer.metrics.objects import Judged, Objects, areas, hits
from services.scorer.metrics.resampling import mean_intervals
from services.scorer.protocol import Findings
from shared.report import CategoryLine, Curve, Interval, Note


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the detections in so many images, and each category's area under its curve."""

    truth: Objects
    judged: Judged
    images: int
    areas: list[Area]

    def values(self) -> list[float]:
        """The average precisions there are."""
        return [each.average_precision for each in self.areas if each.average_precision is not None]

    def unmoved(self) -> list[float]:
        """The average precisions of categories without an object: no set of images changes them."""
        there = zip(self.areas, self.truth.counts, strict=True)
        return [each.average_precision for each, count in there if not count and each.average_precision is not None]

    def counts(self, category: int) -> dict[str, int]:
        """Of a category (from 0)."""
        ranked = self.judged.of(category)
        return {
            "positives": int(self.truth.counts[category]),
            "detections": ranked.stop - ranked.start,
            "hits": hits(self.judged, category),
        }


def measure(truth: Objects, judged: Judged, images: int) -> Found:
    """Measure what was found in so many images."""
    return Found(truth, judged, images, areas(truth, judged))


def findings(found: Found, names: Mapping[int, str], notes: tuple[Note, ...]) -> Findings:
    """Mean and median over the categories that have a value; what has none is null, and a note says so."""
    metrics, intervals = _means(found)
    return Findings(
        metrics=metrics,
        intervals=intervals,
        notes=(*notes, *_absent(found)),
        categories=tuple(
            CategoryLine(
                id=id_,
                name=names.get(id_, str(id_)),
                metrics={"average_precision": each.average_precision},
                counts=found.counts(id_ - 1),
            )
            for id_, each in enumerate(found.areas, start=1)
        ),
        curves=tuple(
            Curve(category=id_, recall=tuple(each.recall.tolist()), precision=tuple(each.precision.tolist()))
            for id_, each in enumerate(found.areas, start=1)
            if len(each.recall)
        ),
    )


def _means(found: Found) -> tuple[dict[str, float], dict[str, dict[str, Interval]]]:
    """The metrics and their intervals; nothing, where no category has a value."""
    values = found.values()
    if not values:
        return {}, {}
    ends = mean_intervals(found.truth, found.judged, found.unmoved(), found.images)
    means = {"mean_average_precision": fmean(values), "median_average_precision": float(median(values))}
    return means, {"mean_average_precision": ends}


def _absent(found: Found) -> list[Note]:
    """What the categories without a value mean for mean and median. The official code divides by zero here."""
    values = len(found.values())
    others = "mean and median are of the others." if values else "as none has, there is no mean and no median."
    sentence = f"Categories without an object to find have no average precision; {others}"
    absent = len(found.areas) - values
    return [Note(code="absent-categories", sentence=sentence, count=absent)] if absent else []
