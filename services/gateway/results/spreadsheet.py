"""Tables for programs and spreadsheets: CSV (RFC 4180), full precision, and no text that a spreadsheet would run. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the beginning of a formula, also after blanks."""

Cell = str | int | float | bool | datetime | UUID | None


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A heading and rows; nothing where a cell is None."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(cell)


def harmless(text: str) -> str:
    """`text`, after an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text[:1] in ("\t", "\r", "\n") else text
