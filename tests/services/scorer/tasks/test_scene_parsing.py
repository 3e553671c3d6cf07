"""Scene parsing beside the kit's sample, a second opinion, and what must be true of any submission."""

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.scorer.evaluate import find
from services.scorer.formats.mask_examples import png, zipped
from services.scorer.protocol import Case, Findings
from services.scorer.tasks import scene_parsing
from shared.challenge import Synset
from shared.errors import Broken, Unreadable
from tests.reference import scene_parsing as reference
from tests.reference.classification import bootstrap
from tests.services.scorer.official import SHARED

SAMPLE = SHARED / "data" / "scene_parsing"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"the sample of the scene parsing kit is not at {SAMPLE}")
CASE = Case(categories=4)
Masks = list[np.ndarray[Any, np.dtype[np.uint8]]]


def archive(masks: Masks, mode: str = "L", order: list[int] | None = None, **how: bool | int) -> bytes:
    numbers = range(len(masks)) if order is None else order
    return zipped(*((f"scene_{number + 1:04d}.png", png(masks[number], mode, **how)) for number in numbers))


def found(predictions: bytes, truth: bytes, case: Case = CASE) -> Findings:
    return find(scene_parsing, case, predictions, truth)


def sample(folder: str) -> Masks:
    return [np.asarray(Image.open(path)) for path in sorted((SAMPLE / folder).glob("*.png"))]


@needs_sample
def test_the_kit_s_sample_has_its_published_score() -> None:
    metrics = found(archive(sample("predictions")), archive(sample("annotations")), Case()).metrics
    expected = {"scene_parsing_score": 0.55, "pixel_accuracy": 1.0, "mean_iou": 0.1}
    assert metrics == pytest.approx(expected, abs=1e-12, rel=0)


@needs_sample
@pytest.mark.parametrize(("down", "right"), [(0, 5), (9, 0), (-40, 25)])
def test_shifted_masks_agree_with_the_second_opinion_pixel_by_pixel(down: int, right: int) -> None:
    truth = [mask[::2, ::2].copy() for mask in sample("annotations")]
    labels = [np.roll(mask, (down, right), (0, 1)) for mask in truth]
    metrics = found(archive(labels), archive(truth), Case()).metrics
    accuracy, mean_iou, _ = reference.marks([m.tolist() for m in truth], [m.tolist() for m in labels], 150)
    expected = {
        "scene_parsing_score": float((accuracy + mean_iou) / 2),
        "pixel_accuracy": float(accuracy),
        "mean_iou": float(mean_iou),
    }
    assert metrics == pytest.approx(expected, abs=1e-12, rel=0)
    assert metrics["scene_parsing_score"] < 0.55


@st.composite
def cases(draw: st.DrawFn) -> tuple[Masks, Masks]:
    """Some images of some pixels; truth and masks of four categories and 0, with a labelled pixel in all."""
    truth, labels = [], []
    for _ in range(draw(st.integers(1, 4))):
        shape = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
        values = st.lists(st.integers(0, 4), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
        truth.append(np.array(draw(values), np.uint8).reshape(shape))
        labels.append(np.array(draw(values), np.uint8).reshape(shape))
    truth[0][0, 0] = max(1, truth[0][0, 0])
    return truth, labels


@settings(deadline=None, max_examples=25)
@given(cases(), st.sampled_from(["L", "P"]), st.randoms())
def test_agrees_with_the_second_opinion_whatever_the_order_of_members(
    drawn: tuple[Masks, Masks], mode: str, chance: random.Random
) -> None:
    truth, labels = drawn
    order = chance.sample(range(len(truth)), len(truth))
    findings = found(archive(labels, mode, order), archive(truth))
    accuracy, mean_iou, ious = reference.marks([m.tolist() for m in truth], [m.tolist() for m in labels], 4)
    assert findings.metrics["pixel_accuracy"] == float(accuracy)
    assert findings.metrics["mean_iou"] == pytest.approx(float(mean_iou), abs=1e-15)
    assert findings.metrics["scene_parsing_score"] == pytest.approx(float(accuracy + mean_iou) / 2, abs=1e-15)
    assert [line.metrics["iou"] for line in findings.categories] == [float(each) for each in ious]
    assert sum(line.counts["pixels"] for line in findings.categories) == sum(int((m > 0).sum()) for m in truth)


@settings(deadline=None, max_examples=25)
@given(cases())
def test_the_truth_submitted_is_perfect_but_for_categories_that_are_absent(drawn: tuple[Masks, Masks]) -> None:
    truth = archive(drawn[0])
    present = len({int(value) for mask in drawn[0] for value in mask.ravel()} - {0})
    metrics = found(truth, truth).metrics
    assert metrics["pixel_accuracy"] == 1
    assert metrics["mean_iou"] == present / 4


@settings(deadline=None, max_examples=25)
@given(cases(), st.integers(0, 4))
def test_what_stands_where_the_truth_has_no_category_makes_no_difference(
    drawn: tuple[Masks, Masks], value: int
) -> None:
    truth, labels = drawn
    filled = [np.where(true == 0, np.uint8(value), mask) for true, mask in zip(truth, labels, strict=True)]
    before, after = (found(archive(masks), archive(truth)) for masks in (labels, filled))
    assert (before.metrics, before.intervals, before.categories) == (after.metrics, after.intervals, after.categories)


TRUTH: Masks = [np.array([[1, 2, 0], [3, 1, 1]], np.uint8), np.array([[2], [2]], np.uint8)]
FIRST, SECOND = png(TRUTH[0]), png(TRUTH[1])
GOOD = (("scene_0001.png", FIRST), ("scene_0002.png", SECOND))


def refusal(predictions: bytes, case: Case = CASE, *, blind: bool = False) -> Unreadable:
    known = None if blind else scene_parsing.read_truth(case, archive(TRUTH))
    with pytest.raises(Unreadable) as caught:
        scene_parsing.parse(case, predictions, known)
    return caught.value


def test_names_count_in_any_folder_and_what_systems_add_is_left_aside() -> None:
    clutter = (("__MACOSX/x/._scene_0001.png", b"x"), ("x/", b""), ("x/.DS_Store", b"x"), ("x/Thumbs.db", b"x"))
    packed = zipped(*clutter, ("x/scene_0002.PNG", SECOND), ("x\\scene_0001.png", FIRST))
    assert found(packed, archive(TRUTH)).metrics["pixel_accuracy"] == 1
    assert found(zipped(*GOOD, folded=False), archive(TRUTH)).metrics["pixel_accuracy"] == 1


def interlaced(labels: np.ndarray[Any, Any]) -> bytes:
    """A 1 × 1 mask whose header says that it is interlaced: the first pass holds its one pixel."""
    plain = png(labels)
    header = plain[12:28] + b"\x01"
    return plain[:12] + header + struct.pack(">I", zlib.crc32(header)) + plain[33:]


def test_interlaced_masks_and_small_palettes_are_read() -> None:
    one = np.array([[3]], np.uint8)
    truth = zipped(("a.png", png(one)))
    assert found(zipped(("a.png", interlaced(one))), truth).metrics["pixel_accuracy"] == 1
    assert found(zipped(("a.png", png(one, "P", bits=2))), truth).metrics["pixel_accuracy"] == 1


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (png(TRUTH[0], "RGB"), "mask-colour", "RGB"),
        (png(TRUTH[0], "RGBA"), "mask-colour", "transparency"),
        (png(TRUTH[0], "LA"), "mask-colour", "gray with transparency"),
        (png(TRUTH[0], "1"), "mask-depth", "1 bits"),
        (png(TRUTH[0].astype(np.uint16)), "mask-depth", "16 bits"),
        (png(TRUTH[0].T.copy()), "mask-size", "2 × 3 pixels (width × height); its image has 3 × 2"),
        (png(np.zeros((7, 9), np.uint8)), "mask-size", "9 × 7"),
        (png(TRUTH[0] + np.uint8(3)), "value-too-high", "holds 5 in row 1, column 2; categories go up to 4"),
        (b"\xff\xd8\xff\xe0JFIF", "not-a-png", "a JPEG image"),
        (b"", "not-a-png", "another kind"),
        (FIRST[:-25], "png-damaged", "cut off"),
        (FIRST[:20], "png-damaged", "no header"),
    ],
)
def test_a_mask_that_cannot_be_taken_is_told_by_its_name(content: bytes, code: str, says: str) -> None:
    refused = refusal(zipped(("scene_0001.png", content), GOOD[1]))
    assert refused.code == code
    assert refused.sentence.startswith("'scene_0001.png' ")
    assert says in refused.sentence
    assert refused.remedy
    assert refused.fault_count == 1


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        (GOOD[:1], ["missing-image"]),
        ((*GOOD, ("scene_0003.png", SECOND)), ["unknown-image"]),
        ((*GOOD, ("b/scene_0002.png", SECOND)), ["duplicate-image"]),
        ((*GOOD, ("readme.txt", b"hello")), ["not-a-mask"]),
        ((*GOOD, ("../scene_0002.png", SECOND)), ["archive-members"]),
        ((*GOOD, ("/scene_0002.png", SECOND)), ["archive-members"]),
        ((*GOOD, ("inner.zip", zipped(*GOOD))), ["not-a-mask"]),
        ((("scene_0002.png", FIRST), ("a.png", b"")), ["unknown-image", "missing-image", "mask-size"]),
    ],
)
def test_masks_that_are_missing_or_too_many_are_all_told(
    members: tuple[tuple[str, bytes], ...], codes: list[str]
) -> None:
    refused = refusal(zipped(*members))
    assert [fault.code for fault in refused.faults] == codes
    assert refused.fault_count == len(codes)


def link() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        member = zipfile.ZipInfo("scene_0001.png")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        packed.writestr(member, "/etc/passwd")
    return file.getvalue()


@pytest.mark.parametrize(
    ("predictions", "code"),
    [
        (b"", "empty-file"),
        (b"PK\x05\x06" + bytes(18), "archive-members"),
        (FIRST, "not-a-zip"),
        (b"1 2 3 4 5\n", "not-a-zip"),
        (b"<!DOCTYPE html><title>Sign in</title>", "web-page"),
        (b"x" * 257 + b"ustar" + bytes(300), "archive"),
        (zipped(*GOOD)[:-30], "archive-damaged"),
        (link(), "archive-members"),
        (zipped(*((f"a{n}.png", b"x") for n in range(107))), "archive-members"),
        (zipped(("scene_0001.png", bytes(10**6))), "archive-bomb"),
    ],
)
def test_other_files_and_archives_are_refused_as_a_whole(predictions: bytes, code: str) -> None:
    assert refusal(predictions).code == code


def test_a_mask_that_promises_more_pixels_than_fit_is_never_decoded() -> None:
    huge = FIRST[:16] + struct.pack(">2I", 60_000, 60_000) + FIRST[24:]
    tracemalloc.start()
    assert refusal(zipped(("scene_0001.png", huge)), blind=True).code == "mask-too-large"
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_without_a_truth_form_names_and_numbers_are_held_to_what_the_definition_says() -> None:
    patterned = Case(categories=4, images=2, image_names="scene_{:04d}")
    for case in (patterned, Case(categories=4, images=2), Case()):
        parsed = scene_parsing.parse(case, archive(TRUTH, order=[1, 0]), None)
        assert scene_parsing.describe(parsed).counts == {"images": 2, "pixels": 8}
    assert refusal(zipped(GOOD[0]), patterned, blind=True).code == "missing-image"
    assert refusal(zipped(GOOD[0]), Case(images=2), blind=True).code == "too-few-masks"
    assert refusal(zipped(*GOOD, ("b/scene_0001.png", FIRST)), Case(), blind=True).code == "duplicate-image"
    assert refusal(zipped(("a.png", png(TRUTH[0] + np.uint8(250)))), Case(), blind=True).code == "value-too-high"


def test_names_of_categories_come_from_the_definition() -> None:
    synsets = (Synset(id=1, wnid="", name="wall", height=0),)
    lines = found(archive(TRUTH), archive(TRUTH), Case(categories=4, synsets=synsets)).categories
    assert [line.name for line in lines] == ["wall", "category 2", "category 3", "category 4"]
    assert lines[0].counts == {"pixels": 3, "predicted_pixels": 3, "right_pixels": 3}
    assert lines[3].metrics == {"iou": 0.0}


def test_numbers_that_are_one_off_are_told_where_the_truth_is_public() -> None:
    for by in (1, -1):
        shifted = archive([np.clip(mask.astype(np.int16) - by, 0, 4).astype(np.uint8) for mask in TRUTH])
        notes = {n.code: n.sentence for n in found(shifted, archive(TRUTH), Case(categories=4, held_out=False)).notes}
        assert f"with {by:+d} on each number" in notes["other-numbering-fits"]
        assert not found(shifted, archive(TRUTH)).notes


def test_masks_of_one_number_each_are_noted() -> None:
    blank = archive([np.full_like(mask, 1) for mask in TRUTH])
    assert {note.code for note in found(blank, archive(TRUTH)).notes} == {"same-value-everywhere"}


def test_intervals_are_those_of_the_bootstrap_and_always_the_same() -> None:
    random_ = np.random.default_rng(3)
    truth: Masks = [np.full((4, 5), 1, np.uint8) for _ in range(60)]
    labels: Masks = [np.where(random_.random((4, 5)) < share, 1, 2).astype(np.uint8) for share in random_.random(60)]
    first, second = (found(archive(labels), archive(truth), Case(categories=2)) for _ in range(2))
    assert first == second
    # Of images of one size the pixel accuracy is a mean over images.
    accuracies = [float((mask == 1).mean()) for mask in labels]
    for level in ("95", "99.9"):
        low, high = bootstrap(accuracies, float(level), 20_000, seed=1)
        interval = first.intervals["pixel_accuracy"][level]
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.02)
        score = first.intervals["scene_parsing_score"][level]
        assert score.low < first.metrics["scene_parsing_score"] < score.high


@pytest.mark.parametrize(
    "truth",
    [
        archive([np.zeros((2, 2), np.uint8)]),
        archive([np.full((2, 2), 5, np.uint8)]),
        zipped(("a.png", FIRST[:-25])),
        zipped(("a.png", FIRST), ("b/a.png", FIRST)),
        b"1\n",
        b"PK\x05\x06" + bytes(18),
    ],
)
def test_a_truth_that_cannot_be_judged_by_is_our_fault(truth: bytes) -> None:
    with pytest.raises(Broken):
        found(zipped(("scene_0001.png", png(np.ones((2, 2), np.uint8)))), truth)


def test_a_truth_of_another_number_of_images_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        scene_parsing.read_truth(Case(images=3), archive(TRUTH))
    assert caught.value.code == "truth-count"


def test_other_numberings_are_refused() -> None:
    assert refusal(archive(TRUTH), Case(categories=4, labels="kaggle")).code == "no-wnids"


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_nothing_but_a_refusal_comes_out_of_a_damaged_archive_or_mask(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([FIRST, png(TRUTH[0], "P"), png(TRUTH[0], "P", bits=4)])))
    packed = data.draw(st.booleans())
    if packed:
        whole = bytearray(zipped(("scene_0001.png", bytes(whole)), GOOD[1], folded=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(4, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    predictions = bytes(whole) if packed else zipped(("scene_0001.png", bytes(whole)), GOOD[1])
    for truth in (scene_parsing.read_truth(CASE, archive(TRUTH)), None):
        try:
            parsed = scene_parsing.parse(CASE, predictions, truth)
        except Unreadable:
            continue
        assert parsed.images > 0
