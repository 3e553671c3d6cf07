"""Rows and tables for LaTeX and Markdown: scores as papers print them, and names that break neither."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.results.papers import latex, latex_row, latex_table, markdown, markdown_table
from services.gateway.results.tables import Listed, Writing, table_of, table_text
from shared.errors import Missing
from tests.services.gateway.results.examples import result

LATEX = Writing("latex", None, "95", 2)
COMMANDS = re.compile(r"\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|char34)\{\}")


def test_a_latex_row_has_the_interval_behind_the_value() -> None:
    table = table_of([Listed(result("R&D_50%"), {})], ["method"], LATEX)
    assert latex_row(table) == "% Method & top-5 error (\\%)\nR\\&D\\_50\\% & $6.18\\,[5.97, 6.39]$ \\\\\n"


def test_a_latex_table_is_a_booktabs_tabular() -> None:
    listed = [Listed(result(), {"rank": 1}), Listed(result("[two]", intervals={}), {"rank": None})]
    lines = latex_table(table_of(listed, ["rank", "method"], LATEX)).splitlines()
    assert lines[1:5] == [
        r"\begin{tabular}{llr}",
        r"\toprule",
        r"Rank & Method & top-5 error (\%) \\",
        r"\midrule",
    ]
    assert lines[5:] == [
        r"1 & ResNet-152@v2 & $6.18\,[5.97, 6.39]$ \\",
        r"– & {[}two{]} & $6.18$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@given(st.text(max_size=80))
def test_foreign_words_are_one_line_of_latex_with_nothing_left_to_act(text: str) -> None:
    plain = COMMANDS.sub("", latex(text))
    plain = plain.replace("{[}", "").replace("{]}", "").replace("{*}", "")
    assert not re.search(r"(?<!\\)[{}$&#%_]|[\^~<>|\"\n\r\[\]*]", plain)
    assert not re.search(r"\\(?![{}$&#%_])", plain)


def test_a_markdown_table_is_one_that_github_reads() -> None:
    text = markdown_table(table_of([Listed(result("a|b <x>"), {})], ["method"], LATEX))
    assert text == "| Method | top-5 error (%) |\n| --- | ---: |\n| a\\|b &lt;x&gt; | 6.18 [5.97, 6.39] |\n"


@given(st.text(max_size=80))
def test_foreign_words_make_no_cell_link_or_tag_in_markdown(text: str) -> None:
    assert not re.search(r"(?<!\\)[|`*_\[\]~$]|[<>\n\r]", markdown(text).replace("\\\\", ""))


def test_a_column_is_in_per_cent_only_if_every_score_in_it_is_a_share() -> None:
    listed = [Listed(result(metrics={"top_5_error": value}, intervals={}), {}) for value in (0.5, 1.5)]
    table = table_of(listed, ["method"], LATEX)
    assert table.headings == ["Method", "top-5 error"]
    assert [line.figures[0].value for line in table.lines if line.figures[0]] == ["0.50", "1.50"]


def test_a_metric_that_no_result_has_is_refused_by_name() -> None:
    with pytest.raises(Missing, match="nonsense"):
        table_text([Listed(result(), {})], ["method"], Writing("csv", ["nonsense"], "95", 2))
    assert table_text([], ["method"], Writing("latex", ["nonsense"], "95", 2))
