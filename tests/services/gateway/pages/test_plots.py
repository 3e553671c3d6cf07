"""Plots are well-formed, keep to their frame, and say what they are of, whatever a report holds."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pages.plots import LARGE, MANY, MOST_POINTS, SMALL, SMALL_POINTS, Frame, precision_recall, small
from shared.report import Curve

shares = st.floats(0, 1)
curves = st.lists(st.tuples(shares, shares), min_size=1, max_size=400).map(
    lambda points: Curve(
        category=1, recall=tuple(sorted(recall for recall, _ in points)), precision=tuple(p for _, p in points)
    )
)


def points(svg: str) -> list[tuple[float, float]]:
    """Those of the one curve of a picture, which must be well-formed."""
    (line,) = [each for each in ET.fromstring(svg).iter() if each.tag == "polyline"]
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


def inside(frame: Frame, places: list[tuple[float, float]]) -> bool:
    return all(frame.x(0) <= x <= frame.x(1) and frame.y(1) <= y <= frame.y(0) for x, y in places)


@given(curves)
def test_a_curve_stays_in_its_frame_begins_at_no_recall_and_ends_at_the_last_point(curve: Curve) -> None:
    for frame, svg, most in (
        (LARGE, precision_recall([curve], {}), MOST_POINTS),
        (SMALL, small(curve, "x"), SMALL_POINTS),
    ):
        drawn = points(svg)
        assert inside(frame, drawn)
        assert len(drawn) <= most + 2
        assert drawn[0] == (round(frame.x(0), 1), round(frame.y(curve.precision[0]), 1))
        assert drawn[-1] == (round(frame.x(curve.recall[-1]), 1), round(frame.y(curve.precision[-1]), 1))


def test_names_are_text_and_no_markup() -> None:
    curve = Curve(category=7, recall=(1.0,), precision=(0.5,))
    name = '<script>"&'
    (title,) = [each for each in ET.fromstring(precision_recall([curve], {7: name})).iter() if each.tag == "title"]
    assert title.text == name
    assert name in ET.fromstring(small(curve, name)).attrib["aria-label"]


def test_many_curves_are_drawn_faintly_and_each_tells_its_category() -> None:
    many = [Curve(category=number, recall=(0.5, 1.0), precision=(1.0, 0.5)) for number in range(MANY)]
    root = ET.fromstring(precision_recall(many, {}))
    assert root.attrib["class"] == "plot many"
    assert len([each for each in root.iter() if each.tag == "title"]) == MANY
