"""Reduces what became of detections to what a report says: means, each category's figures and curve, an interval.

Last step of scoring the tasks of boxes: objects → found_objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from services.scorer.metrics.average_precision import Area
from services.scorer.metrics.objects import Judged, Objects, areas, hits
from services.scorer.metrics.resampling import mean_intervals
from services.scorer.protocol import Findings
from shared.report import CategoryLine, Curve, Interval, Note


@dataclass(frozen=True, slots=True)
class Found:
    """Each category's area and counts; the intervals of the mean."""

    areas: list[Area]
    counts: list[dict[str, int]]
    intervals: Mapping[str, Interval]


def measure(truth: Objects, judged: Judged, images: int) -> Found:
    """Measure what was found in so many images."""
    measured = areas(truth, judged)
    fixed = [
        each.average_precision
        for each, count in zip(measured, truth.counts, strict=True)
        if not count and each.average_precision is not None
    ]
    detections = np.diff(judged.starts)
    counts = [
        {"positives": int(count), "detections": int(detections[index]), "hits": hits(judged, index)}
        for index, count in enumerate(truth.counts)
    ]
    return Found(measured, counts, mean_intervals(truth, judged, fixed, images))


def findings(found: Found, names: Mapping[int, str], notes: tuple[Note, ...]) -> Findings:
    """Mean and median over the categories that have a value; what has none is null, and a note says so."""
    values = [each.average_precision for each in found.areas if each.average_precision is not None]
    absent = len(found.areas) - len(values)
    if absent:
        sentence = "Categories without an object to find have no average precision; mean and median are of the others."
        notes = (*notes, Note(code="absent-categories", sentence=sentence, count=absent))
    return Findings(
        metrics={"mean_average_precision": fmean(values), "median_average_precision": float(median(values))},
        intervals={"mean_average_precision": dict(found.intervals)},
        notes=notes,
        categories=tuple(
            CategoryLine(
                id=id_,
                name=names.get(id_, str(id_)),
                metrics={"average_precision": each.average_precision},
                counts=counts,
            )
            for id_, (each, counts) in enumerate(zip(found.areas, found.counts, strict=True), start=1)
        ),
        curves=tuple(
            Curve(category=id_, recall=tuple(each.recall.tolist()), precision=tuple(each.precision.tolist()))
            for id_, each in enumerate(found.areas, start=1)
            if len(each.recall)
        ),
    )
