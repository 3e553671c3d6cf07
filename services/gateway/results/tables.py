"""Results as tables: every column for programs, the few that papers print for people. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.results.figures import Figure, figure
from services.gateway.results.forms import TableForm
from services.gateway.results.papers import Line, Table, latex_table, markdown_table
from services.gateway.results.result import Result, spoken
from services.gateway.results.spreadsheet import Cell, csv_table
from shared.errors import Missing
from shared.report import LEVELS

WORDS: dict[str, Callable[[Result], Cell]] = {
    "submission": lambda result: result.submission,
    "team": lambda result: result.team,
    "method": lambda result: result.method,
    "family": lambda result: result.named.family,
    "revision": lambda result: result.named.revision,
    "description": lambda result: result.description,
    "track": lambda result: result.track,
    "labels": lambda result: result.labels,
    "challenge": lambda result: result.place.challenge.name,
    "version": lambda result: result.place.challenge.version,
    "task": lambda result: result.place.task_name,
    "split": lambda result: result.place.split_name,
    "created_at": lambda result: result.created_at,
    "finished_at": lambda result: result.finished_at,
    "published_at": lambda result: result.published_at,
    "headline": lambda result: result.headline,
    "scorer_version": lambda result: result.scorer,
    "truth": lambda result: result.truth,
    "definition": lambda result: result.definition,
    "digest": lambda result: result.digest,
    "url": lambda result: result.url,
}
"""The columns of every CSV, before its metrics."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A result in a table, after what the table alone knows of it: its rank on a board."""

    result: Result
    before: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Writing:
    """How a table is to be written; without `metrics`, papers print headlines, and CSV has all there are."""

    form: TableForm
    metrics: Sequence[str] | None
    level: str
    decimals: int


def table_text(listed: Sequence[Listed], words: Sequence[str], writing: Writing) -> str:
    """The table as text; `words` are the columns that papers print, of `before` and WORDS."""
    _refuse_unknown(listed, writing.metrics)
    if writing.form == "csv":
        return csv_of(listed, writing.metrics)
    table = table_of(listed, words, writing)
    return latex_table(table) if writing.form == "latex" else markdown_table(table)


def table_of(listed: Sequence[Listed], words: Sequence[str], writing: Writing) -> Table:
    """What papers print: a score is in per cent where it is a share in every row."""
    metrics = list(writing.metrics or dict.fromkeys(one.result.headline for one in listed))
    columns = [_column([one.result for one in listed], metric, writing) for metric in metrics]
    lines = [
        Line([_word(one, word) for word in words], [column[number] for column in columns])
        for number, one in enumerate(listed)
    ]
    return Table([word.replace("_", " ").capitalize() for word in words], [spoken(name) for name in metrics], lines)


def csv_of(listed: Sequence[Listed], metrics: Sequence[str] | None = None) -> str:
    """Everything, in full precision: a metric has five columns, its value and the ends of its intervals."""
    before = list(dict.fromkeys(name for one in listed for name in one.before))
    names = list(metrics or dict.fromkeys(name for one in listed for name in one.result.metrics))
    ends = [f"_{end}_{level}" for level in LEVELS for end in ("low", "high")]
    scores = [name + end for name in names for end in ("", *ends)]
    return csv_table([*before, *WORDS, *scores], (_cells(one, before, names) for one in listed))


def _refuse_unknown(listed: Sequence[Listed], metrics: Sequence[str] | None) -> None:
    """Raise `Missing` for a metric that none of the results has."""
    known = dict.fromkeys(name for one in listed for name in one.result.metrics)
    for name in metrics or ():
        if listed and name not in known:
            raise Missing(
                "no-such-metric", f"none of these results has a metric {name!r}", f"they have: {', '.join(known)}"
            )


def _cells(one: Listed, before: Sequence[str], names: Sequence[str]) -> list[Cell]:
    words = [one.before.get(name) for name in before] + [word(one.result) for word in WORDS.values()]
    return words + [cell for name in names for cell in _scores(one.result, name)]


def _scores(result: Result, name: str) -> Iterator[Cell]:
    yield result.metrics.get(name)
    for level in LEVELS:
        interval = result.interval(name, level)
        yield interval.low if interval else None
        yield interval.high if interval else None


def _column(results: Sequence[Result], metric: str, writing: Writing) -> list[Figure | None]:
    in_per_cent = all(result.is_share(metric) for result in results if metric in result.metrics)
    return [
        figure(result.metrics[metric], result.interval(metric, writing.level), in_per_cent, writing.decimals)
        if metric in result.metrics
        else None
        for result in results
    ]


def _word(one: Listed, word: str) -> str:
    cell = one.before[word] if word in one.before else WORDS[word](one.result)
    return "–" if cell is None else str(cell)
