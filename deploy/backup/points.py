"""Points: moments to which everything can be brought back together, each published whole when its objects are here."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from deploy.backup.place import Place, make_lasting
from deploy.stack.files import write_private
from deploy.stack.problem import Trouble
from shared.digests import Digest
from shared.model import Model


class Point(Model):
    """`name` marks it in the database's log, at `lsn`. The first `catalogue_bytes` of its base's catalogue are its objects.

    `at` is when it was marked: what was committed before is in it, and what the database names then is among the objects,
    but for those that are `lacking`: the store listed them and did not give them.
    """

    name: str
    at: datetime
    base: str
    stream: str
    lsn: str
    secrets: Digest
    catalogue_bytes: int
    catalogue_digest: Digest
    objects: int
    object_bytes: int
    lacking: int = 0

    def in_words(self) -> str:
        """How many objects it has, and lacks if it does."""
        return f"{self.objects} objects" + (f", LACKS {self.lacking}" if self.lacking else "")


def stamp(at: datetime) -> str:
    """A name that sorts by time and may stand in any file's."""
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03d}Z"


def publish(place: Place, point: Point) -> None:
    """Make the point count, in one step."""
    # A point that lacks nothing is written as it always was: older versions can read it.
    write_private(place.points / f"{point.name}.json", point.model_dump_json(indent=2, exclude_defaults=True))
    make_lasting(place.points)


def all_points(place: Place) -> Iterator[Point]:
    """Every point, oldest first; a damaged manifest raises `Trouble`."""
    for path in sorted(place.points.glob("*.json")):
        try:
            yield Point.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            # Its base has just been given up.
            continue
        except ValidationError as error:
            raise Trouble(f"{path} is damaged", "move it away: the points before and after do not need it") from error


def newest_point(place: Place) -> Point | None:
    """The last one; None when there is none."""
    paths = sorted(place.points.glob("*.json"))
    return Point.model_validate_json(paths[-1].read_bytes()) if paths else None


def chosen_point(place: Place, wish: str | None) -> Point:
    """The point called `wish`, or the last one before the time `wish` (ISO 8601, with its zone); else the last."""
    points = list(all_points(place))
    if wish is not None:
        points = [point for point in points if point.name == wish] or _before(points, wish)
    if not points:
        raise Trouble(
            "there is no point" + (f" at or before {wish}" if wish else " yet"),
            f"`python -m deploy.backup list --from {place.path}` shows those that there are",
        )
    return points[-1]


def _before(points: list[Point], wish: str) -> list[Point]:
    try:
        time = datetime.fromisoformat(wish)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Trouble(
            f"{wish} is neither a point nor a time with its zone",
            "say it as in the list of points, or like 2026-08-01T12:00:00Z",
        )
    return [point for point in points if point.at <= time]
