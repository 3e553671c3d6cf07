"""Video tracking beside the official outputs, a second opinion, and what must be true of any submission."""

import json
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.formats.bundle import open_bundle
from services.scorer.metrics.tracking import Tracked
from services.scorer.protocol import Case, Findings
from services.scorer.tasks import video_tracking
from shared.bundles import pack
from shared.errors import Broken, Unreadable
from tests.reference import tracking as reference
from tests.services.scorer.official import golden

EXAMPLE = video_tracking.EXAMPLE
SHARES = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))

Rows = list[reference.Row]


def found(predictions: bytes, truth: bytes, case: Case | None = None) -> Findings:
    return find(video_tracking, case or Case(), predictions, truth)


def text(rows: Rows) -> bytes:
    return b"".join(
        f"{frame} {category} {track} {float(confidence)} {' '.join(map(str, box))}\n".encode()
        for frame, category, track, confidence, box in rows
    )


def bundle(rows: bytes, videos: reference.Videos, excluded: bytes = b"") -> bytes:
    listed = "".join(f"{name} {first} {last}\n" for name, (first, last) in videos.items())
    return pack({"truth": rows, "videos": listed.encode(), **({"excluded": excluded} if excluded else {})})


def truth_of(folder: Path) -> bytes:
    case = json.loads((folder / "gt.json").read_text())
    rows = [
        (frame, track["class"], number, Fraction(1), tuple(box))
        for video in case["videos"]
        for number, track in enumerate(video["tracks"])
        for frame, box in zip(track["frames"], track["bboxes"], strict=True)
    ]
    return bundle(text(rows), {video["name"]: video["frames"] for video in case["videos"]})


@pytest.mark.parametrize("folder", golden("track"), ids=lambda folder: folder.name)
def test_equals_the_official_evaluator(folder: Path) -> None:
    truth = truth_of(folder)
    findings = found((folder / "pred.txt").read_bytes(), truth)
    expected = json.loads((folder / "expected.json").read_text())
    names = {"": "ap_mean_over_thr", "_at_25": "ap_025", "_at_50": "ap_050", "_at_75": "ap_075"}
    for end, official in names.items():
        values = [line.metrics[f"average_precision{end}"] for line in findings.categories]
        assert values == [value if value is None else pytest.approx(value, abs=1e-12) for value in expected[official]]
    if None not in expected["mean_ap"]:
        assert findings.metrics["mean_average_precision"] == pytest.approx(expected["mean_ap"][0], abs=1e-12)
    assert_perfect(scored(bytes(open_bundle(truth, ("videos",))["truth"]), truth))


def scored(predictions: bytes, truth: bytes) -> Tracked:
    """Without intervals, which take their time."""
    known = video_tracking.read_truth(Case(), truth)
    return video_tracking.score(video_tracking.parse(Case(), predictions, known), known).tracked


def assert_perfect(tracked: Tracked) -> None:
    """Categories without a track have the official 0."""
    assert tracked.values == [[1.0 if positives else 0.0 for positives in tracked.positives]] * len(SHARES)


boxes = st.tuples(
    st.integers(-3, 12), st.integers(-3, 12), st.sampled_from([0, 1, 5, 9]), st.sampled_from([0, 1, 5, 9])
)


@st.composite
def tracks(draw: st.DrawFn, frames: tuple[int, int], several: bool) -> Rows:
    """The tracks of one video: categories 1 to 3, boxes near to one another; `several`: perhaps twice in a frame."""
    rows = []
    for number in range(draw(st.integers(0, 4))):
        category = draw(st.integers(1, 3))
        there = draw(st.lists(st.integers(*frames), min_size=1, max_size=6, unique=not several))
        for frame in there:
            left, top, width, height = draw(boxes)
            confidence = draw(st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]))
            rows.append((frame, category, number, confidence, (left, top, left + width, top + height)))
    return rows


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rows, Rows, dict[str, tuple[int, int]], set[tuple[int, int]]]:
    names = draw(st.permutations(["a", "b", "c"]))[: draw(st.integers(1, 3))]
    videos = {name: (5 * place + 1, 5 * place + 5) for place, name in enumerate(names)}
    truth = [row for frames in videos.values() for row in draw(tracks(frames, several=False))]
    mine = [row for frames in videos.values() for row in draw(tracks(frames, several=True))]
    copied = [row for row in truth if draw(st.booleans())]
    known = {(row[0] // 6, row[2]) for row in mine}
    mine += [(f, c, t + 50, Fraction(1, 2), box) for f, c, t, _, box in copied if (f // 6, t + 50) not in known]
    excluded = draw(st.sets(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=3))
    return mine, truth, videos, excluded


@given(cases().filter(lambda drawn: bool(drawn[0] and drawn[1])), st.randoms(use_true_random=False))
def test_agrees_with_the_second_opinion_in_any_order_of_rows(
    drawn: tuple[Rows, Rows, dict[str, tuple[int, int]], set[tuple[int, int]]], chance: Random
) -> None:
    mine, truth, videos, excluded = drawn
    bundled = bundle(text(truth), videos, "".join(f"{frame} {id_}\n" for frame, id_ in excluded).encode())
    values = scored(text(mine), bundled).values
    wanted, there = reference.tracks(mine, videos), reference.tracks(truth, videos)
    for asked, of_categories in zip(SHARES, values, strict=True):
        for id_, value in enumerate(of_categories, start=1):
            expected = reference.average_precision(wanted, there, id_, asked, excluded)
            assert value == (expected if expected is None else pytest.approx(float(expected), abs=1e-12))
    shuffled = list(mine)
    chance.shuffle(shuffled)
    assert scored(text(shuffled), bundled).values == values


@given(cases().filter(lambda drawn: bool(drawn[1])))
def test_the_truth_is_perfect_but_for_categories_that_are_not_there(
    drawn: tuple[Rows, Rows, dict[str, tuple[int, int]], set[tuple[int, int]]],
) -> None:
    _, truth, videos, _ = drawn
    assert_perfect(scored(text(truth), bundle(text(truth), videos)))


VIDEOS = {"late": (1, 4), "early": (5, 8)}
ROW = (1, 1, 1, Fraction(1), (0, 0, 49, 49))


def test_one_video_has_an_interval_without_width() -> None:
    rows = [ROW, (2, *ROW[1:]), (3, 2, 2, Fraction(1), (0, 0, 9, 9)), (4, 2, 3, Fraction(1), (50, 50, 99, 99))]
    findings = found(text(rows[:3]), bundle(text(rows), {"only": (1, 4)}))
    assert findings.metrics["mean_average_precision"] == 0.75
    for name, levels in findings.intervals.items():
        assert {end for ends in levels.values() for end in (ends.low, ends.high)} == {findings.metrics[name]}


def test_equal_scores_are_ranked_by_the_names_of_their_videos() -> None:
    truth = bundle(text([ROW, (5, *ROW[1:])]), VIDEOS)
    wrong = (200, 200, 249, 249)
    hit_in_early = [(5, *ROW[1:]), (1, 1, 1, Fraction(1), wrong)]
    hit_in_late = [ROW, (5, 1, 1, Fraction(1), wrong)]
    assert found(text(hit_in_early), truth).metrics["mean_average_precision_at_50"] == 0.5
    assert found(text(hit_in_late), truth).metrics["mean_average_precision_at_50"] == 0.25


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"1 1 -1 0.5 0 0 9 9\n", "no-track", 1, 5),
        (b"0 1 1 0.5 0 0 9 9\n", "unknown-frame", 1, 1),
        (b"1 1 1 0.5 0 0 9 9\n4 1 1 0.5 0 0 9 9\n", "unknown-frame", 2, 1),
        (b"1 0 1 0.5 0 0 9 9\n", "unknown-category", 1, 3),
        (b"1 1 1 0.5 0 0 9 9\n2 2 1 0.5 0 0 9 9\n", "mixed-track", 2, 3),
        (b"1 1 1 inf 0 0 9 9\n", "not-finite", 1, 7),
        (b"1 1 1 0.5 0 0 9\n", "wrong-columns", 1, None),
        (b"[[1, 1, -1, 0.5, 0, 0, 9, 9]]", "no-track", 1, 2),
    ],
)
def test_faults_are_told_at_their_place(data: bytes, code: str, line: int | None, column: int | None) -> None:
    truth = bundle(b"1 1 1 1 0 0 9 9\n", {"a": (1, 3), "b": (5, 6)})
    with pytest.raises(Unreadable) as caught:
        found(data, truth)
    fault = caught.value.faults[0]
    assert (fault.code, fault.line) == (code, line)
    assert column is None or fault.column == column


def test_a_track_may_have_another_category_in_another_video_and_rows_of_unknown_ones_are_left_out() -> None:
    rows = [ROW, (5, 2, 1, Fraction(1), (0, 0, 9, 9)), (5, 9, 2, Fraction(1), (0, 0, 9, 9))]
    findings = found(text(rows), bundle(text(rows[:2]), VIDEOS), Case(categories=2))
    assert findings.metrics["mean_average_precision"] == 1
    assert [(note.code, note.count) for note in findings.notes] == [("unknown-categories", 1)]


def test_without_a_truth_a_file_is_read_as_far_as_its_rows_go() -> None:
    parsed = video_tracking.parse(Case(images=8), text([ROW, (5, *ROW[1:])]), None)
    assert video_tracking.describe(parsed).counts == {"boxes": 2, "frames": 2}
    beyond = video_tracking.parse(Case(images=4), text([(5, *ROW[1:])]), None)
    assert [note.code for note in video_tracking.describe(beyond).notes] == ["frames-beyond-list"]


def test_rows_beyond_the_list_are_left_out_and_counted() -> None:
    beyond = [(800, *ROW[1:]), (900, 2, *ROW[2:])]
    truth = bundle(text([ROW, (5, *ROW[1:])]), VIDEOS)
    plain, more = found(text([ROW]), truth), found(text([ROW, *beyond]), truth)
    assert (more.metrics, more.intervals) == (plain.metrics, plain.intervals)
    assert [(note.code, note.count) for note in more.notes if note.code == "frames-beyond-list"] == [
        ("frames-beyond-list", 2)
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b"900 1 1 0.5 0 0 9 9\n"])
def test_a_file_without_rows_scores_0(data: bytes) -> None:
    findings = found(data, bundle(text([ROW]), VIDEOS))
    assert set(findings.metrics.values()) == {0}
    assert ("no-tracks" in [note.code for note in findings.notes]) is (b"900" not in data)


ONE = b"1 1 1 1 0 0 9 9\n"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"truth": ONE}, "no part that says"),
        ({"truth": ONE, "videos": b"a 1\n"}, "videos, line 1"),
        ({"truth": ONE, "videos": b"a 2 1\n"}, "videos, line 1"),
        ({"truth": ONE, "videos": b"a 1 2\na 3 4\n"}, "a second time"),
        ({"truth": ONE, "videos": b"a 1 2\nb 2 4\n"}, "two videos"),
        ({"truth": ONE, "videos": b"a 2 3\n"}, "no video"),
        ({"truth": ONE + ONE, "videos": b"a 1 3\n"}, "two boxes"),
        ({"truth": b"1 1 1 1 9 0 0 9\n", "videos": b"a 1 3\n"}, "ends before"),
        ({"truth": b"1 3 1 1 0 0 9 9\n", "videos": b"a 1 3\n"}, "not in the list"),
        ({"truth": ONE, "videos": b"a 1 3\n", "excluded": b"1 n1\n"}, "excluded, line 1"),
    ],
)
def test_a_truth_that_cannot_be_meant_is_refused(parts: dict[str, bytes], message: str) -> None:
    with pytest.raises(Broken, match=message):
        found(ONE, pack(parts), Case(categories=2))


pieces = st.sampled_from([b"1 1 1 0.5 0 0 9 9", b" ", b"\n", b",", b"-1", b"[", b"]", b"{", b"\xff", b"nan", b"9" * 12])


@given(st.lists(pieces, max_size=12).map(b"".join))
def test_no_file_makes_scoring_fail_otherwise_than_by_a_refusal(data: bytes) -> None:
    try:
        scored(data, EXAMPLE.truth)
    except Unreadable as refusal:
        told = refusal.faults
        assert told
