"""Plots of reports: figures in, SVG out, pure. How lines look is said in holdout.css, for pages allow no other style."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from shared.report import Curve

MOST_POINTS = 100
"""Of a curve in the large plot: 200 of them make a page of some 300 KB. A small one has SMALL_POINTS."""

SMALL_POINTS = 30
MANY = 12
"""From so many curves on each is drawn faintly."""

TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where recall and precision, both from 0 to 1, lie in a picture of `width` × `height` with these margins."""

    width: int
    height: int
    left: int
    bottom: int
    rest: int

    def x(self, recall: float) -> float:
        """From the left."""
        return self.left + recall * (self.width - self.left - self.rest)

    def y(self, precision: float) -> float:
        """From the top."""
        return self.rest + (1 - precision) * (self.height - self.bottom - self.rest)


LARGE = Frame(width=640, height=420, left=56, bottom=50, rest=14)
SMALL = Frame(width=84, height=28, left=1, bottom=1, rest=1)


def precision_recall(curves: Sequence[Curve], names: Mapping[int, str]) -> str:
    """All curves in one plot, recall to the right and precision upwards; pointing at one tells its category."""
    drawn = "".join(_curve(curve, names.get(curve.category, f"category {curve.category}")) for curve in curves)
    label = f"Precision over recall, {len(curves)} categories"
    many = " many" if len(curves) >= MANY else ""
    return _picture(LARGE, f"plot{many}", label, "".join(_axes()) + drawn)


def small(curve: Curve, name: str) -> str:
    """One curve without axes, for a row of a table."""
    left, right, top, bottom = SMALL.x(0), SMALL.x(1), SMALL.y(1), SMALL.y(0)
    box = f'<path class="grid" d="M{left} {top}V{bottom}H{right}"/>'
    return _picture(SMALL, "small", f"Precision over recall: {name}", box + _line(SMALL, curve, SMALL_POINTS))


def _picture(frame: Frame, css: str, label: str, content: str) -> str:
    size = f'viewBox="0 0 {frame.width} {frame.height}" width="{frame.width}" height="{frame.height}"'
    return f'<svg class="{css}" {size} role="img" aria-label="{escape(label)}">{content}</svg>'


def _curve(curve: Curve, name: str) -> str:
    return f"<g><title>{escape(name)}</title>{_line(LARGE, curve, MOST_POINTS)}</g>"


def _line(frame: Frame, curve: Curve, most: int) -> str:
    """The curve's points, from no recall on; where there are more than `most`, every n-th and the last."""
    points = list(zip(curve.recall, curve.precision, strict=True))
    if not points:
        return ""
    step = -(-len(points) // most)
    kept = [(0.0, points[0][1]), *points[:-1:step], points[-1]]
    path = " ".join(f"{frame.x(recall):.1f},{frame.y(precision):.1f}" for recall, precision in kept)
    return f'<polyline class="curve" points="{path}"/>'


def _axes() -> Iterator[str]:
    """Grid, numbers and names of both axes."""
    for tick in TICKS:
        x, y = LARGE.x(tick), LARGE.y(tick)
        yield f'<path class="grid" d="M{x:.1f} {LARGE.y(0):.1f}V{LARGE.y(1):.1f}M{LARGE.x(0):.1f} {y:.1f}H{LARGE.x(1):.1f}"/>'
        yield f'<text x="{x:.1f}" y="{LARGE.y(0) + 18:.1f}" text-anchor="middle">{tick:g}</text>'
        yield f'<text x="{LARGE.x(0) - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    middle = LARGE.y(0.5)
    yield f'<text x="{LARGE.x(0.5):.1f}" y="{LARGE.height - 8}" text-anchor="middle">recall</text>'
    yield f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">precision</text>'
