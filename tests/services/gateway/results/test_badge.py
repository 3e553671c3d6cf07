"""Badges are well-formed SVG that can do nothing, wide enough for their words, whatever names they are about."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ranking import Placing
from services.gateway.results.badge import HEIGHT, MARGIN, Badge, draw
from services.gateway.results.badges import rank_badge, refusal_badge, score_badge, state_badge
from shared.errors import Missing
from tests.services.gateway.results.examples import edition, result

SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {SVG + name for name in ("svg", "title", "rect", "path", "g", "text")}
hostile = st.one_of(
    st.text(max_size=100),
    st.sampled_from(
        ['"><script>alert(1)</script>', "]]>&amp;\x00\x1b", "\u202eevil", "𝔘𝔫𝔦", "模型 é", "<!ENTITY x 'y'>"]
    ),
)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(SVG + "text")]


@given(hostile, hostile, hostile)
def test_whatever_a_badge_says_it_is_words_and_no_markup(label: str, message: str, title: str) -> None:
    root = ET.fromstring(draw(Badge(label, message, title)))
    assert {node.tag for node in root.iter()} <= HARMLESS
    attributes = {name for node in root.iter() for name in node.attrib}
    assert not [name for name in attributes if name.startswith("on") or "href" in name or name == "style"]


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1), st.text("abc 123", min_size=1))
def test_the_boxes_hold_the_words(label: str, message: str) -> None:
    root = ET.fromstring(draw(Badge(label, message, "")))
    whole = int(root.attrib["width"])
    assert root.attrib["viewBox"] == f"0 0 {whole} {HEIGHT}"
    end: float = MARGIN
    for node in root.iter(SVG + "text"):
        assert float(node.attrib["x"]) >= end
        assert "".join(node.itertext()).strip()
        end = float(node.attrib["x"]) + float(node.attrib["textLength"])
    assert end <= whole - MARGIN


def test_a_score_says_what_of_and_how_sure() -> None:
    badge = score_badge(result(), "top_5_error")
    assert texts(draw(badge)) == ["ImageNet top-5 error", "6.18 % [5.97, 6.39]"]
    (title,) = ET.fromstring(draw(badge)).iter(SVG + "title")
    assert title.text == (
        "ImageNet top-5 error: 6.18 % [5.97, 6.39], 95 % interval; Imagenet".replace("Imagenet", edition().title)
        + ", Classification, Test; ResNet-152@v2 by MSRA"
    )
    assert ET.fromstring(draw(badge)).attrib["aria-label"] == title.text


def test_level_digits_interval_and_label_are_chosen() -> None:
    assert score_badge(result(), "top_5_error", level="99.9", decimals=1).message == "6.2 % [5.8, 6.6]"
    assert score_badge(result(), "top_5_error", with_interval=False).message == "6.18 %"
    assert score_badge(result(), "top_1_error").message == "22.39 %"
    assert score_badge(result(), "top_1_error", label="mine").label == "mine"


def test_an_edition_of_somebody_else_goes_by_its_own_name() -> None:
    assert score_badge(result(challenge=edition("Oxford Pets")), "top_5_error").label == "Oxford Pets top-5 error"
    long = edition("A title that no badge has the room for")
    assert score_badge(result(challenge=long), "top_5_error").label == "tiny top-5 error"


def test_what_is_no_share_is_not_in_per_cent() -> None:
    heights = result(metrics={"hierarchical_error": 0.7}, intervals={}, challenge=edition(hierarchical="raw"))
    assert score_badge(heights, "hierarchical_error").message == "0.70"
    assert score_badge(result(metrics={"rmse": 1.5}, intervals={}), "rmse").message == "1.50"


@pytest.mark.parametrize(
    ("placing", "won", "message"),
    [
        (Placing(2, 2, 2, 1), None, "rank 2 of 9"),
        (Placing(2, 1, 4, 1), None, "rank 2 [1–4] of 9"),
        (Placing(1, team_rank=1), 37, "rank 1 of 9, 37 categories won"),
        (Placing(None), None, "not in the contest"),
    ],
    ids=["alone", "among others", "by categories", "a guest"],
)
def test_a_rank_says_which_others_are_open(placing: Placing, won: int | None, message: str) -> None:
    badge = rank_badge(result(), placing, won, 9)
    assert (badge.label, badge.message) == ("ImageNet classification", message)


def test_without_a_score_a_badge_says_so() -> None:
    assert state_badge(result().place, "queued").message == "queued"
    missing = refusal_badge(Missing("no-such-submission", "there is none <here>"))
    assert texts(draw(missing)) == ["Holdout", "not found"]
