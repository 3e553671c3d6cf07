"""Scene classification beside the published figures, a second opinion, and what must be true of any submission."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.formats.roster import expected_roster
from services.scorer.protocol import Case, Findings
from services.scorer.tasks import scene_classification
from shared.errors import Broken, Unreadable
from tests.reference import scene_classification as reference
from tests.services.scorer.official import SHARED

MINIPLACES = SHARED / "data" / "miniplaces"
CASE = Case(categories=6)


def found(predictions: bytes, truth: bytes, case: Case = CASE) -> Findings:
    return find(scene_classification, case, predictions, truth)


def text(rows: reference.Rows) -> bytes:
    return "".join(" ".join(map(str, [name, *ids])) + "\n" for name, ids in rows.items()).encode()


def refusal(predictions: bytes, truth: bytes | None = b"a/1.jpg 0\na/2.jpg 1\n", case: Case = CASE) -> Unreadable:
    known = None if truth is None else scene_classification.read_truth(case, truth)
    with pytest.raises(Unreadable) as caught:
        scene_classification.parse(case, predictions, known)
    return caught.value


@pytest.mark.skipif(not MINIPLACES.is_dir(), reason=f"the demo of the MIT Places challenge is not at {MINIPLACES}")
def test_the_kit_s_demo_has_its_published_errors() -> None:
    predictions, truth = ((MINIPLACES / name).read_bytes() for name in ("demo.val.pred.txt", "val.txt"))
    findings = found(predictions, truth, Case(categories=100, images=10_000))
    assert list(findings.metrics.values()) == pytest.approx([0.9895, 0.9791, 0.9696, 0.9602, 0.9525], abs=1e-12, rel=0)
    assert {note.code for note in findings.notes} == {"repeated-guesses", "chance-level"}


@st.composite
def cases(draw: st.DrawFn) -> tuple[reference.Rows, reference.Rows]:
    """Guesses and truth of some images in orders of their own; categories 0 to 5, some guesses beyond, some missing."""
    names = draw(st.lists(st.from_regex(r"[a-c]/[0-9A-Za-z_é-]{1,12}\.jpg", fullmatch=True), min_size=1, unique=True))
    ids = st.lists(st.integers(0, 8), max_size=7)
    truth = {name: [draw(st.integers(0, 5))] for name in names}
    return {name: draw(ids) for name in draw(st.permutations(names))}, truth


@settings(deadline=None, max_examples=40)
@given(cases())
def test_agrees_with_the_second_opinion(drawn: tuple[reference.Rows, reference.Rows]) -> None:
    guesses, truth = drawn
    expected = {f"top_{k}_error": float(reference.error(guesses, truth, k)) for k in range(1, 6)}
    named = json.dumps({"predictions": guesses}).encode()
    for predictions in (text(guesses), text(guesses).replace(b" ", b","), named, named.decode().encode("utf-8-sig")):
        assert found(predictions, text(truth)).metrics == expected
    assert reference.read(text(guesses)) == guesses


@settings(deadline=None, max_examples=40)
@given(cases(), st.randoms())
def test_the_truth_submitted_is_perfect_in_any_order(
    drawn: tuple[reference.Rows, reference.Rows], chance: random.Random
) -> None:
    rows = list(drawn[1].items())
    chance.shuffle(rows)
    assert set(found(text(dict(rows)), text(drawn[1])).metrics.values()) == {0.0}


@settings(deadline=None, max_examples=40)
@given(cases())
def test_a_wrong_guess_of_lower_rank_never_helps(drawn: tuple[reference.Rows, reference.Rows]) -> None:
    guesses = {name: ids[:4] for name, ids in drawn[0].items()}
    longer = {name: [*ids, 8] for name, ids in guesses.items()}
    assert found(text(longer), text(drawn[1])).metrics == found(text(guesses), text(drawn[1])).metrics


def test_names_count_without_their_ending_unless_two_images_share_what_is_left() -> None:
    truth = b"a/1.jpg 0\na/2.jpg 1\n"
    for predictions in (b"a/1 0\na/2 1\n", b"a/1.png 0\na/2.JPEG 1\n"):
        assert found(predictions, truth).metrics["top_1_error"] == 0
    assert refusal(b"a/1 0\na/1.png 1\n", b"a/1.jpg 0\na/1.png 1\n").faults[0].code == "unknown-image"


def test_rows_without_names_are_in_the_alphabetical_order_of_the_names() -> None:
    assert found(b"[[0], [1], [2]]", b"b.jpg 1\na.jpg 0\nc.jpg 2\n").metrics["top_1_error"] == 0


def test_blank_lines_and_other_line_ends_make_no_difference() -> None:
    predictions = b"\xef\xbb\xbf\r\n\r\na/2.jpg\t1 , 2\r\n \t\r\n  a/1.jpg 0"
    assert found(predictions, b"a/1.jpg 0\na/2.jpg 1\n").metrics["top_1_error"] == 0


@pytest.mark.parametrize(
    ("predictions", "code", "place"),
    [
        (b"a/1.jpg 0\na/3.jpg 1\n", "unknown-image", (2, 1)),
        (b"a/1.jpg 0\n\n a/1.jpg 1\na/2.jpg 1\n", "duplicate-image", (3, 2)),
        (b"a/1.jpg 0\n", "missing-image", (None, None)),
        (b"a/1.jpg 0 x\na/2.jpg 1\n", "not-a-number", (1, 11)),
        (b"a/1.jpg 0\na/2.jpg -1\n", "negative-number", (2, 9)),
        (b"a/1.jpg 0\na/2.jpg 1.0\n", "not-a-whole-number", (2, 9)),
        (b"a/1.jpg 0\na/2.jpg 2147483648\n", "number-too-large", (2, 9)),
        (b"a/1.jpg,0,\na/2.jpg 1\n", "empty-field", (1, 10)),
        (b"a/1.jpg 0\na/2\x01.jpg 1\n", "binary-file", (2, 4)),
        (b"", "empty-file", (None, None)),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(predictions: bytes, code: str, place: tuple[int, int]) -> None:
    refused = refusal(predictions)
    assert refused.code == refused.faults[0].code == code or code in {fault.code for fault in refused.faults}
    fault = next(fault for fault in refused.faults if fault.code == code)
    assert (fault.line, fault.column) == place
    assert fault.remedy
    assert "0 where there is no guess" not in fault.remedy


def test_a_second_line_names_the_first_and_another_folder_the_right_one() -> None:
    assert "line 1" in refusal(b"a/1.jpg 0\na/1.jpg 1\na/2.jpg 1\n").faults[0].sentence
    assert refusal(b"1.jpg 0\na/2.jpg 1\n").faults[0].remedy == "Write a/1.jpg."


@pytest.mark.parametrize(
    ("predictions", "code"),
    [
        (b"0 1 2\n1 2 0\n", "names-missing"),
        (b"0 1 2 a/1.jpg\n1 2 0 a/2.jpg\n", "image-names-last"),
        (b"a/1.jpg;0;1\na/2.jpg;1;2\n", "other-separator"),
        (b"a/1.jpg 0;1\na/2.jpg 1;2\n", "other-separator"),
        (b"image,guess\na/1.jpg,0\na/2.jpg,1\n", "heading"),
        (b'a/1.jpg "0"\na/2.jpg "1"\n', "quoted-ids"),
        (b"a/1.jpg nan\na/2.jpg nan\n", "nan-for-nothing"),
        (b"<!DOCTYPE html><html><title>Sign in</title>", "web-page"),
        (b"a/1.jpg 0\na/2.jpg 1\n".decode().encode("utf-16"), "utf-16"),
    ],
)
def test_a_pattern_of_faults_is_told_by_its_cause(predictions: bytes, code: str) -> None:
    assert refusal(predictions).code == code


@pytest.mark.parametrize(
    ("predictions", "code"),
    [
        (b'{"a/1.jpg": [0], "a/1.jpg": [1], "a/2.jpg": [1]}', "duplicate-image"),
        (b'{"a/1.jpg": [0], "a/9.jpg": [1], "a/2.jpg": [1]}', "unknown-image"),
        (b'{"a/1.jpg": [0]}', "missing-image"),
        (b'{"a/1.jpg": [0], "a/2.jpg": [-1]}', "negative-number"),
        (b"[[0]]", "too-few-rows"),
    ],
)
def test_json_is_held_to_the_same(predictions: bytes, code: str) -> None:
    assert code in {fault.code for fault in refusal(predictions).faults}


def test_without_a_truth_names_are_held_to_the_pattern_or_to_differ() -> None:
    patterned = Case(categories=6, images=2, image_names="a/{:01d}")
    assert expected_roster("a/{:01d}", 2).name(2) == "a/2"
    for case in (patterned, Case(categories=6, images=2), Case()):
        for good in (b"a/2.jpg 1\na/1.jpg 0 2\n", b'{"a/2.jpg": [1], "a/1.jpg": [0, 2]}'):
            counts = scene_classification.describe(scene_classification.parse(case, good, None)).counts
            assert counts == {"images": 2, "guesses": 3}
        for twice in (b"a/2.jpg 1\na/2.png 0\n", b'{"a/2.jpg": [1], "a/2": [0]}'):
            assert "duplicate-image" in {fault.code for fault in refusal(twice, None, case).faults}
    assert refusal(b"a/1.jpg 1\nb/2.jpg 0\n", None, patterned).code == "unknown-image"
    assert refusal(b"a/1.jpg 1\n", None, Case(images=2)).code == "too-few-rows"
    assert refusal(b'{"a/1.jpg": [1]}', None, Case(images=2)).code == "too-few-rows"


def test_notes_tell_what_was_accepted_though_the_official_reader_stops_at_it() -> None:
    truth = "".join(f"{n}.jpg {n % 6}\n" for n in range(6)).encode()
    predictions = (
        b"0.jpg\n1.jpg 1 2 3 4 5 0\n2.jpg 9 1 2 3 4\n3.jpg 1 1 2 3 2147483647\n4.jpg 0 1 2 3 4\n5.jpg 5 4 3 2 1\n"
    )
    notes = {note.code: (note.count, note.first_line) for note in found(predictions, truth).notes}
    assert notes == {
        "missing-guesses": (1, None),
        "extra-guesses": (1, None),
        "unknown-categories": (2, None),
        "repeated-guesses": (1, None),
    }


def test_ids_that_count_from_one_are_noted() -> None:
    truth = "".join(f"{n}.jpg {n % 6}\n" for n in range(6)).encode()
    shifted = "".join(f"{n}.jpg {n % 6 + 1}\n" for n in range(6)).encode()
    assert "looks-one-based" in {note.code for note in found(shifted, truth).notes}
    assert "looks-one-based" not in {note.code for note in found(truth, truth).notes}


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        (b"a.jpg\n", "no-label"),
        (b"a.jpg 1 2\n", "several-labels"),
        (b"a.jpg 6\n", "unknown-label"),
        (b"a.jpg 1\na.jpg 1\n", "duplicate-image"),
        (b"a.jpg x\n", "not-a-number"),
    ],
)
def test_a_truth_that_cannot_be_judged_by_is_our_fault(truth: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        scene_classification.read_truth(CASE, truth)
    assert caught.value.code == code
    with pytest.raises(Broken):
        found(b"a.jpg 1\n", truth)


def test_a_truth_of_another_number_of_images_is_refused() -> None:
    with pytest.raises(Unreadable):
        scene_classification.read_truth(Case(images=2), b"a.jpg 1\n")


def test_other_numberings_are_refused_since_places_have_no_wnids() -> None:
    assert refusal(b"a/1.jpg 0\na/2.jpg 1\n", case=Case(categories=6, labels="wnid")).code == "no-wnids"


@given(st.binary(max_size=120), st.sampled_from([b"", b"a/1.jpg 0\n", b'{"a/1.jpg": [', b"["]))
def test_nothing_but_a_refusal_comes_out_of_parse(rest: bytes, start: bytes) -> None:
    truth = scene_classification.read_truth(CASE, b"a/1.jpg 0\na/2.jpg 1\n")
    for known in (truth, None):
        try:
            parsed = scene_classification.parse(CASE, start + rest, known)
        except Unreadable:
            continue
        assert parsed.guesses.shape[1] == 5
        assert 0 <= parsed.guesses.min(initial=0) <= parsed.guesses.max(initial=0) <= 6
