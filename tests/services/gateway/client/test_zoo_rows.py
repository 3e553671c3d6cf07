"""The table of a zoo: it fits any terminal, and loses first what is needed least."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.client.words import clipped, width_of
from services.gateway.client.zoo.rows import fitted

CELLS = st.text(st.characters(codec="utf-8"), max_size=30)
TABLES = st.integers(2, 6).flatmap(lambda count: st.lists(st.lists(CELLS, min_size=count, max_size=count), min_size=1))


@settings(max_examples=50, deadline=None)
@given(TABLES, st.integers(1, 120))
def test_no_line_is_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    assert all(width_of(line) <= width for line in fitted(rows, width))


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_where_nobody_looks_nothing_is_lost(rows: list[list[str]]) -> None:
    lines = fitted([[cell.replace(" ", "_") for cell in row] for row in rows], None)
    assert len(lines) == len(rows)
    assert all("…" not in line for line, row in zip(lines, rows, strict=True) if "…" not in "".join(row))


@given(CELLS, st.integers(1, 40))
def test_what_is_clipped_says_so(text: str, columns: int) -> None:
    cut = clipped(text, columns)
    assert cut == text if width_of(text) <= columns else cut.endswith("…")


def test_columns_go_from_the_right_then_names_are_cut() -> None:
    rows = [["model", "state", "top_5_error", "claims"], ["a_rather_long_name", "scored", "0.06178", "reproduced"]]
    assert fitted(rows, 80)[1] == "a_rather_long_name  scored  0.06178      reproduced"
    assert fitted(rows, 42)[1] == "a_rather…  scored  0.06178      reproduced"
    assert fitted(rows, 30)[1] == "a_rather…  scored  0.06178"
    assert fitted(rows, 16)[1] == "a_rathe…  scored"


def test_wide_letters_take_two_columns() -> None:
    assert width_of("模型") == 4
    assert clipped("模型模型", 5) == "模型…"
