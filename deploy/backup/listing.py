"""`list`: the points of a backup, for people and as JSON for machines."""

import json
from datetime import datetime

from deploy.backup.place import Place
from deploy.backup.points import Point, all_points


def as_table(place: Place, now: datetime) -> str:
    """One line a point, the newest last."""
    rows = [("point", "age", "base", "objects", "lacking", "size")]
    rows += [
        (
            point.name,
            _age(point, now),
            point.base,
            str(point.objects),
            str(point.lacking),
            f"{point.object_bytes / 2**20:.1f} MiB",
        )
        for point in all_points(place)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def as_json(place: Place, now: datetime) -> str:
    """The manifests, each with its age."""
    return json.dumps(
        [
            point.model_dump(mode="json") | {"age_seconds": round((now - point.at).total_seconds(), 1)}
            for point in all_points(place)
        ],
        indent=2,
    )


def _age(point: Point, now: datetime) -> str:
    seconds = (now - point.at).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
