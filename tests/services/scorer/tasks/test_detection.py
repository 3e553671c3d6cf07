"""Detection and video detection beside the official outputs, a second opinion, and what must be true of any file."""

import csv
import json
import random
from pathlib import Path
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scorer.evaluate import evaluate, find
from services.scorer.metrics.objects import areas, judge
from services.scorer.protocol import Case, Findings, Task
from services.scorer.tasks import detection, video_detection
from shared.bundles import pack
from shared.challenge import Synset
from shared.digests import digest_of
from shared.errors import Broken, Unreadable
from shared.report import Provenance, Report
from tests.reference import detection as reference
from tests.reference.detection import Thing
from tests.services.scorer.boxes import official, pairs, text, things
from tests.services.scorer.official import SHARED, golden

IMAGES, CATEGORIES = 4, 3
CASE = Case(images=IMAGES, categories=CATEGORIES + 1)
KIT = SHARED / "data" / "det"

OBJECTS = [Thing(1, 1, (0, 0, 49, 49)), Thing(2, 2, (10, 10, 19, 19)), Thing(4, 1, (5, 5, 5, 5))]


def found(predictions: bytes, truth: bytes, case: Case = CASE) -> Findings:
    return find(detection, case, predictions, truth)


def refused(predictions: bytes, case: Case = CASE) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        found(predictions, text(OBJECTS), case)
    return caught.value


def precisions(findings: Findings) -> list[float | None]:
    return [line.metrics["average_precision"] for line in findings.categories]


def agrees(findings: Findings, expected: dict[str, list[float | None]]) -> None:
    assert precisions(findings) == [
        None if ap is None else pytest.approx(ap, abs=1e-12, rel=0) for ap in expected["ap"]
    ]
    values = [ap for ap in expected["ap"] if ap is not None]
    official_means = [expected["mean_ap"][0], expected["median_ap"][0]]
    means = official_means if None not in official_means else [fmean(values), median(values)]
    assert list(findings.metrics.values()) == pytest.approx(means, abs=1e-12, rel=0)
    ends = {curve.category: (curve.recall[-1], curve.precision[-1]) for curve in findings.curves}
    for category, last in enumerate(zip(expected["final_recall"], expected["final_precision"], strict=True), start=1):
        assert category not in ends or ends[category] == pytest.approx(last, abs=1e-12, rel=0)


@pytest.mark.parametrize("folder", golden("det"), ids=lambda folder: folder.name)
def test_equals_the_official_evaluator(folder: Path) -> None:
    truth, given_, expected = official(folder)
    agrees(found((folder / "pred.txt").read_bytes(), truth, Case(images=given_["n_images"])), expected)


@pytest.mark.parametrize("folder", golden("vid"), ids=lambda folder: folder.name)
def test_equals_the_official_evaluator_of_video(folder: Path) -> None:
    truth, given_, expected = official(folder, track="-1")
    case = Case(images=given_["n_images"])
    agrees(find(video_detection, case, (folder / "pred.txt").read_bytes(), truth), expected)


@pytest.mark.skipif(not KIT.is_dir(), reason=f"the kit's demo is not at {KIT}")
def test_the_kit_s_demo_has_its_published_precisions_with_and_without_exclusions() -> None:
    with (KIT / "validation_boxes.tsv").open() as file:
        rows = [tuple(map(int, row.values())) for row in csv.DictReader(file, delimiter="\t")]
    truth = text([Thing(image, category, box) for image, category, *box in rows])  # type: ignore[arg-type]
    synsets = [line.split(" ", 2) for line in (KIT / "synsets.txt").read_text().splitlines()]
    table = tuple(Synset(id=int(id_), wnid=wnid, name=name, height=0) for wnid, id_, name in synsets)
    case = Case(images=20_121, categories=200, synsets=table)
    demo = (KIT / "demo.val.pred.det.txt").read_bytes()
    bundle = pack({"truth": truth, "excluded": (KIT / "validation_blacklist.txt").read_bytes()})
    boxes = detection.parse(case, demo, None).boxes

    def demo_precisions(truth: bytes) -> list[float]:
        objects = detection.read_truth(case, truth).objects
        judged = judge(objects, boxes.images, boxes.categories, boxes.confidences, boxes.corners)
        return [each.average_precision or 0.0 for each in areas(objects, judged)]

    judged = demo_precisions(bundle)
    assert fmean(judged) == pytest.approx(0.5900608141381709, abs=1e-12)
    assert median(judged) == pytest.approx(0.6011987435, abs=1e-10)
    with (KIT / "demo_expected_ap.tsv").open() as file:
        assert judged == pytest.approx([float(row[-1]) for row in csv.reader(file, delimiter="\t")], abs=1e-11)
    assert fmean(demo_precisions(truth)) == pytest.approx(0.5887691397, abs=1e-10)


@settings(max_examples=60)
@given(
    things(IMAGES, CATEGORIES, least=1),
    things(IMAGES, CATEGORIES + 1, least=1, most=20),
    st.sets(st.tuples(st.integers(1, IMAGES), st.integers(1, CATEGORIES)), max_size=3),
)
def test_agrees_with_a_slow_reading_of_the_rule(
    objects: list[Thing], detections: list[Thing], excluded: set[reference.Pair]
) -> None:
    expected = reference.evaluate(objects, detections, excluded)
    truth = pack({"truth": text(objects), "excluded": pairs(sorted(excluded))})
    findings = found(text(detections), truth)
    assert precisions(findings) == [None if ap is None else pytest.approx(ap, abs=1e-12, rel=0) for ap in expected]
    values = [ap for ap in expected if ap is not None]
    means = {"mean_average_precision": fmean(values), "median_average_precision": median(values)} if values else {}
    assert findings.metrics == pytest.approx(means)
    assert set(findings.intervals) == set(means) - {"median_average_precision"}
    assert ("absent-categories" in {note.code for note in findings.notes}) == (None in expected)


@settings(max_examples=30)
@given(things(IMAGES, CATEGORIES, least=1))
def test_the_truth_submitted_is_perfect_but_for_categories_without_objects(objects: list[Thing]) -> None:
    there = {thing.category for thing in objects}
    findings = found(text(objects), text(objects))
    assert precisions(findings) == [float(c in there) for c in range(1, max(there) + 1)]
    video = text(objects, track="-1")
    assert find(video_detection, CASE, video, video).metrics == findings.metrics


@settings(max_examples=30)
@given(things(IMAGES, CATEGORIES, least=1), things(IMAGES, CATEGORIES, least=2), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_where_confidences_differ(
    objects: list[Thing], detections: list[Thing], chance: random.Random
) -> None:
    distinct = [Thing(d.image, d.category, d.box, rank / 100) for rank, d in enumerate(detections)]
    shuffled = chance.sample(distinct, len(distinct))
    assert found(text(distinct), text(objects)) == found(text(shuffled), text(objects))


@settings(max_examples=30)
@given(things(IMAGES, CATEGORIES, least=1), things(IMAGES, CATEGORIES, least=1))
def test_a_wrong_detection_below_all_others_never_helps(objects: list[Thing], detections: list[Thing]) -> None:
    lowest = Thing(1, 1, (900, 900, 950, 950), -2.0)
    before, after = (precisions(found(text(d), text(objects))) for d in (detections, [*detections, lowest]))
    for old, new in zip(before, after, strict=True):
        assert new is None or (old is not None and new <= old)


def test_the_same_file_as_json_and_as_coco_results_has_the_same_findings() -> None:
    detections = [
        Thing(1, 1, (0.5, 0.25, 40, 49), 0.5),
        Thing(2, 2, (10, 10, 19, 18), 0.125),
        Thing(3, 1, (1, 1, 2, 2)),
    ]
    rows = [[d.image, d.category, d.confidence, *d.box] for d in detections]
    coco = [
        {"bbox": [x, y, right - x + 1, bottom - y + 1], "score": c, "category_id": k, "image_id": i, "area": [{}]}
        for i, k, c, x, y, right, bottom in rows
    ]
    files = [text(detections), *(json.dumps(form).encode() for form in ({"predictions": rows}, rows, coco))]
    first, *others = [found(file, text(OBJECTS)) for file in files]
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ("predictions", "code", "place"),
    [
        (b"1 1 1 0 0 9 9\n0 1 1 0 0 9 9\n", "unknown-image", (2, 1)),
        (b"1 1 1 0 0 9 9\n5 1 1 0 0 9 9\n", "unknown-image", (2, 1)),
        (b"1 0 1 0 0 9 9\n", "unknown-category", (1, 3)),
        (b"1 1 nan 0 0 9 9\n", "not-finite", (1, 5)),
        (b"1 1 1 0 0 inf 9\n", "not-finite", (1, 11)),
        (b"1 1 1 0 0 9\n", "wrong-columns", (1, 1)),
        (b"\n1 1 1 0 0 9 9\n", "blank-line", (1, 1)),
        (b"[[1, 1, 1, 0, 0, 9, 9],\n [5, 1, 1, 0, 0, 9, 9]]", "unknown-image", (2, 2)),
        (b"[[1, 1, 1, 0, 0, 9, 9],\n [1, 1.0, 1, 0, 0, 9, 9]]", "not-a-whole-number", (2, 2)),
        (b"[[1, 1, NaN, 0, 0, 9, 9]]", "not-finite", (1, 2)),
        (b"[[1, 1, 1, 0, 0, 9]]", "wrong-columns", (1, 2)),
        (b"[[1, 1, true, 0, 0, 9, 9]]", "not-a-number", (1, 2)),
        (b"[[1, 1, 1, 0, 0, 9, 9]", "json-invalid", (1, 23)),
        (b'[{"image_id": 1, "category_id": 1, "score": 1}]', "wrong-fields", (1, 2)),
        (b'{"detections": []}', "unknown-field", (1, 2)),
        (b"[]", "empty-file", (1, 1)),
        (b"[" + b"[" * 100_000, "json-unexpected", (1, 2)),
    ],
)
def test_what_is_refused_is_told_by_its_place(predictions: bytes, code: str, place: tuple[int, int]) -> None:
    refusal = refused(predictions)
    assert (refusal.code, refusal.faults[0].line, refusal.faults[0].column) == (code, *place)


def test_the_same_bytes_give_the_same_report() -> None:
    example = detection.EXAMPLE
    nothing = digest_of(b"")
    provenance = Provenance(scorer="test", definition=nothing, truth=nothing, submission=nothing)
    reports = [
        evaluate(example.definition, "detection", "test", example.predictions, example.truth, provenance).canonical()
        for _ in range(2)
    ]
    assert reports[0] == reports[1]
    assert Report.model_validate_json(reports[0]).curves


def test_tracks_are_minus_one_in_video_and_not_there_in_2015() -> None:
    truth, plain = text(OBJECTS, track="-1"), text(OBJECTS)
    with pytest.raises(Unreadable, match="unexpected-track"):
        find(video_detection, CASE, text(OBJECTS, track="3"), truth)
    with pytest.raises(Unreadable, match="no-track-column"):
        find(video_detection, CASE, plain, truth)
    seven = Case(images=IMAGES, options={"track_column": False})
    assert find(video_detection, seven, plain, plain).metrics["mean_average_precision"] == 1


@pytest.mark.parametrize("track", [[], [-1]])
def test_without_a_definition_the_first_row_tells_whether_there_are_tracks(track: list[int]) -> None:
    file = text(OBJECTS, track=" ".join(map(str, track)))
    rows = [[thing.image, thing.category, *track, thing.confidence, *thing.box] for thing in OBJECTS]
    for predictions in (file, json.dumps(rows).encode(), json.dumps({"predictions": rows}, indent=1).encode()):
        assert find(video_detection, Case(), predictions, file).metrics["mean_average_precision"] == 1


@pytest.mark.parametrize("task", [detection, video_detection])
def test_where_everything_is_excluded_there_is_no_mean(task: Task) -> None:
    excluded = b"1 1\n2 2\n4 1\n" if task is detection else b"1\n2\n4\n"
    track = "" if task is detection else "-1"
    findings = find(task, CASE, text(OBJECTS, track), pack({"truth": text(OBJECTS, track), "excluded": excluded}))
    assert (precisions(findings), findings.metrics, findings.intervals) == ([None, None], {}, {})
    assert [(note.code, note.count) for note in findings.notes] == [("absent-categories", 2)]


def test_in_an_excluded_frame_nothing_is_right_or_wrong_and_nothing_to_be_found() -> None:
    truth = pack({"truth": text(OBJECTS, track="-1"), "excluded": b"1\n"})
    detections = [Thing(1, 1, (0, 0, 49, 49)), Thing(1, 2, (7, 7, 8, 8)), *OBJECTS[1:]]
    findings = find(video_detection, CASE, text(detections, track="-1"), truth)
    assert [line.counts["positives"] for line in findings.categories] == [1, 1]
    assert precisions(findings) == [1, 1]


@pytest.mark.parametrize(
    "truth",
    [
        b"9 1 1 0 0 9 9\n",
        b"1 7 1 0 0 9 9\n",
        b"1 1 1 9 0 0 9\n",
        b"",
        pack({"truth": text(OBJECTS), "excluded": b"1 n0\n"}),
    ],
)
def test_a_truth_with_a_fault_is_ours(truth: bytes) -> None:
    with pytest.raises(Broken):
        found(text(OBJECTS), truth)


def test_what_is_accepted_with_doubt_is_noted() -> None:
    findings = found(b"1 1 1 9 9 0 0\n1 9 1 0 0 9 9\n1 1 inf 0 0 9 9\n", text(OBJECTS))
    assert {note.code: (note.count, note.first_line) for note in findings.notes} == {
        "inverted-boxes": (1, 1),
        "unknown-categories": (1, 2),
    }


@given(st.binary(max_size=100) | st.text('0123456789.,- \n\tenaif[]{}:"', max_size=100).map(str.encode))
def test_no_file_makes_reading_do_anything_but_read_or_refuse(data: bytes) -> None:
    for task in (detection, video_detection):
        try:
            task.parse(CASE, data, None)
        except Unreadable as refusal:
            assert refusal.fault_count  # noqa: PT017
