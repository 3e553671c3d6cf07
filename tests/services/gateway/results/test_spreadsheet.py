"""A CSV is read back as it was written, and nothing in it is a formula."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.results.spreadsheet import FORMULA, csv_table, harmless
from services.gateway.results.tables import Listed, csv_of
from tests.services.gateway.results.examples import INTERVALS, METRICS, SUBMISSION, result

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
formulas = st.tuples(st.sampled_from(["", " ", "\t", "\n"]), st.sampled_from(FORMULA), words).map("".join)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(words | formulas, min_size=2, max_size=2), max_size=5))
def test_words_are_read_back_but_for_the_apostrophe_that_disarms_them(rows: list[list[str]]) -> None:
    heading, *back = read(csv_table(["one", "two"], rows))
    assert heading == ["one", "two"]
    assert back == [[harmless(cell) for cell in row] for row in rows]
    for cell in (cell for row in back for cell in row):
        assert not cell.lstrip().startswith(FORMULA)
    assert all(harmless(cell) in (cell, f"'{cell}") for row in rows for cell in row)
    assert harmless("ResNet-50 @ v2 +1") == "ResNet-50 @ v2 +1"


def test_a_row_has_every_metric_in_full_precision_with_its_intervals() -> None:
    heading, row = read(csv_of([Listed(result("=HYPERLINK(1)"), {"rank": 3})]))
    cells = dict(zip(heading, row, strict=True))
    assert (cells["rank"], cells["submission"], cells["method"]) == ("3", str(SUBMISSION), "'=HYPERLINK(1)")
    assert cells["created_at"] == "2026-01-31T23:30:00Z"
    assert {name: float(cells[name]) for name in METRICS} == METRICS
    for level, ends in INTERVALS["top_5_error"].items():
        assert (float(cells[f"top_5_error_low_{level}"]), float(cells[f"top_5_error_high_{level}"])) == (
            ends.low,
            ends.high,
        )
    assert cells["top_1_error_low_95"] == ""
    assert csv_of([Listed(result(), {})]).endswith("\r\n")


def test_results_of_different_tasks_share_a_table_and_leave_out_what_they_do_not_have() -> None:
    other = result(metrics={"mean_average_precision": 0.5}, intervals={})
    heading, *rows = read(csv_of([Listed(result(), {}), Listed(other, {})]))
    first, second = (dict(zip(heading, row, strict=True)) for row in rows)
    assert (first["top_5_error"], second["top_5_error"]) == ("0.06178", "")
    assert (first["mean_average_precision"], second["mean_average_precision"]) == ("", "0.5")
