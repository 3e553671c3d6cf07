"""What an entry's page shows of its report: figures category by category, and curves. Read from S3, where the report is."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from services.gateway.desk import Desk
from services.gateway.pages import plots
from services.gateway.reports import report_of
from services.gateway.tables import EvaluationRow
from shared.errors import HoldoutError
from shared.report import CategoryLine, Curve, Report

SHOWN_BYTES = 16 * 2**20
"""The largest report that a page reads: the curves of 200 categories are some 10 MB, read in a quarter of a second."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Details:
    """`columns` are the metrics' names and `counts` those of the counts; `plot` and `curves` (by id) are SVG."""

    lines: tuple[CategoryLine, ...]
    columns: tuple[str, ...]
    counts: tuple[str, ...]
    plot: str | None
    curves: Mapping[int, str]


def details(desk: Desk, evaluation: EvaluationRow) -> Details | None:
    """What the report of a scored evaluation says of categories; None where it says nothing.

    A page is shown without them, too, while S3 is away, or where a report is too large or of another time.
    """
    try:
        content = report_of(desk.storage, evaluation.id, evaluation.attempt, SHOWN_BYTES)
        report = Report.model_validate_json(content)
    except (HoldoutError, ValidationError) as error:
        log.warning("the report of evaluation %s is not shown: %s", evaluation.id, error)
        return None
    return details_of(report.categories, report.curves)


def details_of(categories: tuple[CategoryLine, ...], curves: tuple[Curve, ...]) -> Details | None:
    """The same of what a report holds."""
    if not categories:
        return None
    names = {line.id: line.name for line in categories}
    return Details(
        lines=categories,
        columns=tuple(categories[0].metrics),
        counts=tuple(categories[0].counts),
        plot=plots.precision_recall(curves, names) if curves else None,
        curves={each.category: plots.small(each, names.get(each.category, "")) for each in curves},
    )
