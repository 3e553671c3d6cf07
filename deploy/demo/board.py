"""The board as a table for the terminal."""

from collections.abc import Sequence
from typing import Any


def board_lines(entries: Sequence[dict[str, Any]]) -> list[str]:
    """One line per entry: rank, the range its interval leaves open, team, top-5 error, 99.9 % interval."""
    heading = ("rank", "range", "team", "top-5 error", "99.9 % interval")
    rows = [heading, *(_row(entry) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(entry: dict[str, Any]) -> tuple[str, str, str, str, str]:
    best, worst = entry["rank_range"]
    low, high = entry["interval"]["low"], entry["interval"]["high"]
    return (
        str(entry["rank"]),
        str(best) if best == worst else f"{best}–{worst}",
        entry["team"],
        f"{100 * entry['value']:.2f} %",
        f"{100 * low:.2f} – {100 * high:.2f} %",
    )
