"""The models of a zoo as rows of a table, which fits a terminal of any width. Pure."""

from collections.abc import Iterator, Sequence

from services.gateway.client.endings import Json
from services.gateway.client.terminal import plain
from services.gateway.client.words import clipped, short, width_of
from services.gateway.client.zoo.models import Zoo

GAP = "  "
NARROWEST_NAME = 8


def headings(zoo: Zoo, headline: str) -> list[str]:
    """What the columns are, the least needed last."""
    claimed = {metric for model in zoo.models for metric in model.said.get("claimed") or ()}
    claims = ["claims"] if claimed else []
    return ["model", "state", headline, *claims, *sorted(claimed - {headline}), "99.9 % interval"]


def row(columns: Sequence[str], name: str, view: Json) -> list[str]:
    """A model in these columns."""
    headline = columns[2]
    special = {"model": short(name, 60), "state": state_in(view), "claims": claims_in(view)}
    special["99.9 % interval"] = interval_in(view, headline)
    return [special.get(column, number_in(view, column)) for column in columns]


def state_in(view: Json) -> str:
    """Its state; whether the result was there before."""
    return f"{view.get('state', '-')}{', known' if view.get('known') and view.get('state') == 'scored' else ''}"


def number_in(view: Json, metric: str) -> str:
    """A metric of it."""
    metrics = view.get("metrics") or {}
    return f"{metrics[metric]:.5f}" if metric in metrics else "-"


def interval_in(view: Json, metric: str) -> str:
    """The 99.9 % interval of that."""
    interval = ((view.get("intervals") or {}).get(metric) or {}).get("99.9")
    return f"{interval['low']:.5f} … {interval['high']:.5f}" if interval else "-"


def claims_in(view: Json) -> str:
    """Whether all that is claimed of it holds."""
    return {True: "reproduced", False: "not reproduced"}.get(view.get("reproduced"), "-")  # type: ignore[arg-type]


def claim_lines(name: str, view: Json) -> Iterator[str]:
    """Each claim that does not hold, with what is true instead."""
    for metric, claim in sorted((view.get("claims") or {}).items()):
        if claim["reproduced"] is not False:
            continue
        if claim.get("problem"):
            yield f"{name}: {claim['problem']['detail']}; {claim['problem'].get('remedy')}"
        else:
            line = f"{name}: {metric} is {claim['score']:.5f}, claimed is {claim['claimed']:g}"
            yield f"{line}: not reproduced, {claim['difference']:+.5f}"


def fitted(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Rows as aligned lines of at most `width` columns: the last columns go first, then names are cut."""
    cells = [[plain(cell) for cell in one] for one in rows]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    while width is not None and len(widths) > 2 and _total(widths) - widths[0] + NARROWEST_NAME > width:
        widths.pop()
    if width is not None:
        widths[0] = max(min(widths[0], width - (_total(widths) - widths[0])), 1)
    lines = [GAP.join(map(_padded, one, widths)).rstrip() for one in cells]
    return lines if width is None else [clipped(line, width) for line in lines]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _padded(cell: str, width: int) -> str:
    text = clipped(cell, width)
    return text + " " * (width - width_of(text))
