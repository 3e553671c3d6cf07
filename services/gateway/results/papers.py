"""Tables for papers and READMEs: LaTeX with booktabs, and Markdown. Scores are rounded, names escaped. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.gateway.headers import one_line
from services.gateway.results.figures import Figure

_LATEX = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    # After the end of a row these would be taken for its arguments.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
} | {letter: f"\\{letter}" for letter in "{}$&#%_"}
_MARKDOWN = {letter: f"\\{letter}" for letter in "\\`*_[]|~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row: words first, then scores, with None where there is none."""

    words: Sequence[str]
    figures: Sequence[Figure | None]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns' names, of words and of scores, and the rows."""

    words: Sequence[str]
    scores: Sequence[str]
    lines: Sequence[Line]

    @property
    def headings(self) -> list[str]:
        """All columns; a score's says the unit."""
        return [*self.words, *(self._with_unit(number, name) for number, name in enumerate(self.scores))]

    def _with_unit(self, number: int, name: str) -> str:
        units = {figure.unit for line in self.lines if (figure := line.figures[number])}
        return f"{name} (%)" if units == {"%"} else name


def latex_row(table: Table) -> str:
    """The rows alone, for a table that is there already, after a comment that names their columns."""
    return f"% {' & '.join(map(latex, table.headings))}\n" + "".join(_latex_lines(table))


def latex_table(table: Table) -> str:
    """A whole `tabular`, for which the document loads booktabs."""
    columns = "l" * len(table.words) + "r" * len(table.scores)
    return (
        f"% \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n"
        f"{' & '.join(map(latex, table.headings))} \\\\\n\\midrule\n"
        f"{''.join(_latex_lines(table))}\\bottomrule\n\\end{{tabular}}\n"
    )


def markdown_table(table: Table) -> str:
    """A table as GitHub shows it."""
    rules = ["---"] * len(table.words) + ["---:"] * len(table.scores)
    lines = [[*map(markdown, line.words), *map(_markdown_figure, line.figures)] for line in table.lines]
    rows = [[markdown(heading) for heading in table.headings], rules, *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def latex(text: str) -> str:
    """Foreign words as LaTeX prints them, on one line."""
    return "".join(_LATEX.get(letter, letter) for letter in one_line(text))


def markdown(text: str) -> str:
    """Foreign words as Markdown shows them, on one line."""
    return "".join(_MARKDOWN.get(letter, letter) for letter in one_line(text))


def _latex_lines(table: Table) -> Iterator[str]:
    for line in table.lines:
        yield f"{' & '.join([*map(latex, line.words), *map(_latex_figure, line.figures)])} \\\\\n"


def _latex_figure(figure: Figure | None) -> str:
    if figure is None:
        return "--"
    return f"${figure.value}\\,[{figure.ends[0]}, {figure.ends[1]}]$" if figure.ends else f"${figure.value}$"


def _markdown_figure(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return f"{figure.value} [{figure.ends[0]}, {figure.ends[1]}]" if figure.ends else figure.value
