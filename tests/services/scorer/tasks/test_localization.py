"""Localization beside the official outputs, a second opinion, and what must be true of any submission."""

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.protocol import Case, Findings
from services.scorer.tasks import localization
from shared.bundles import pack
from shared.errors import Broken, Unreadable
from tests.reference import localization as reference
from tests.services.scorer.official import REAL, golden, needs_real_data

EXAMPLE = localization.EXAMPLE
SYNSETS = EXAMPLE.definition.synsets
ZOO = {1: 1, 2: 0, 3: 2}
"""The rank of each of the example's categories."""

Rows = list[list[reference.Guess]]


def found(predictions: bytes, truth: bytes, case: Case | None = None) -> Findings:
    return find(localization, case or Case(), predictions, truth)


def text(rows: Rows) -> bytes:
    return b"".join(" ".join(written(guess) for guess in row).encode() + b"\n" for row in rows)


def written(guess: reference.Guess, label: str = "") -> str:
    return " ".join([label or str(guess[0]), *(f"{float(side):g}" for side in guess[1:])])


def truth_of(folder: Path) -> bytes:
    case = json.loads((folder / "gt.json").read_text())
    lines = [" ".join(f"{each['class']} {' '.join(map(str, each['bbox']))}" for each in row) for row in case["boxes"]]
    excluded = "".join(f"{number}\n" for number in case["blacklist"])
    parts = {"truth": "".join(f"{line}\n" for line in lines), "excluded": excluded}
    labels = (folder / "gt_labels.txt").read_bytes()
    return pack({name: part.encode() for name, part in parts.items()} | {"labels": labels})


@pytest.mark.parametrize("folder", golden("clsloc"), ids=lambda folder: folder.name)
def test_equals_the_official_evaluator(folder: Path) -> None:
    metrics = found((folder / "pred.txt").read_bytes(), truth_of(folder)).metrics
    expected = json.loads((folder / "expected.json").read_text())
    for k in range(1, 6):
        assert metrics[f"top_{k}_error"] == pytest.approx(expected["cls_error"][k - 1], abs=1e-12, rel=0)
        official = expected["clsloc_error"][k - 1]
        error = metrics.get(f"top_{k}_localization_error")
        assert error is None if official is None else error == pytest.approx(official, abs=1e-12, rel=0)


@needs_real_data
def test_the_kit_s_demo_has_its_official_errors() -> None:
    rows = defaultdict(list)
    for line in (REAL / "validation_boxes.tsv").read_text().splitlines()[1:]:
        image, *group = line.split("\t")
        rows[int(image)].append(" ".join(group))
    boxes = "".join(" ".join(rows[image]) + "\n" for image in range(1, 50_001)).encode()
    truth = pack({"truth": boxes, "excluded": (REAL / "clsloc_validation_blacklist.txt").read_bytes()})
    metrics = found((REAL / "demo.val.pred.loc.txt").read_bytes(), truth).metrics
    located = [round(metrics[f"top_{k}_localization_error"], 10) for k in range(1, 6)]
    assert located == [0.9999792695, 0.9998963473, 0.9997719640, 0.9996890418, 0.9996268502]
    assert [metrics[f"top_{k}_error"] for k in range(1, 6)] == [0.99922, 0.99824, 0.99708, 0.99624, 0.99548]


halves = st.integers(-8, 30).map(lambda number: Fraction(number, 2))


@st.composite
def guesses(draw: st.DrawFn) -> reference.Guess:
    """A box near others, often of one pixel or one row, sometimes inverted; of the categories 1 to 3, or unknown."""
    left, top = draw(halves), draw(halves)
    width, height = draw(st.sampled_from([0, 1, 3, 7, -2])), draw(st.sampled_from([0, 1, 3, 7]))
    return draw(st.integers(1, 5)), left, top, left + width, top + height


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rows, Rows, set[int]]:
    images = draw(st.integers(1, 8))
    object_ = guesses().filter(lambda guess: guess[0] <= 3 and guess[1] <= guess[3])
    objects = draw(st.lists(st.lists(object_, min_size=1, max_size=4), min_size=images, max_size=images))
    near = [st.one_of(guesses(), *map(st.just, row)) for row in objects]
    rows = [draw(st.lists(each, min_size=1, max_size=7)) for each in near]
    return rows, objects, draw(st.sets(st.integers(1, images)))


@given(cases())
def test_agrees_with_the_second_opinion(drawn: tuple[Rows, Rows, set[int]]) -> None:
    rows, objects, excluded = drawn
    parts = {"truth": text(objects), "excluded": "".join(f"{number}\n" for number in excluded).encode()}
    findings = found(text(rows), pack(parts), Case(categories=3))
    for k in range(1, 6):
        expected = reference.error(rows, objects, k, excluded)
        error = findings.metrics.get(f"top_{k}_localization_error")
        assert error is None if expected is None else error == pytest.approx(float(expected), abs=1e-12)
        assert findings.metrics.get(f"top_{k}_error") is not None
    assert findings.metrics.get("localization_error") == findings.metrics.get("top_5_localization_error")
    assert ("all-images-excluded" in [note.code for note in findings.notes]) is (len(excluded) == len(rows))


@given(cases())
def test_the_truth_is_perfect_and_a_later_guess_never_harms(drawn: tuple[Rows, Rows, set[int]]) -> None:
    rows, objects, _ = drawn
    assert set(found(text(objects), text(objects)).metrics.values()) >= {0.0}
    assert found(text(objects), text(objects)).metrics["localization_error"] == 0
    errors = found(text(rows), text(objects)).metrics
    wrong: reference.Guess = (99, Fraction(1), Fraction(1), Fraction(1), Fraction(1))
    longer = found(text([[*row[:4], wrong] for row in rows]), text(objects)).metrics
    for k in range(1, 5):
        assert errors[f"top_{k + 1}_localization_error"] <= errors[f"top_{k}_localization_error"]
        assert errors[f"top_{k}_error"] <= errors[f"top_{k}_localization_error"]
        assert longer[f"top_{k}_localization_error"] == errors[f"top_{k}_localization_error"]


def as_json(rows: Rows, name: object = int, order: list[int] | None = None) -> bytes:
    call = name if callable(name) else int
    spelled = [[[call(guess[0]), *map(float, guess[1:])] for guess in row] for row in rows]
    if order is None:
        return json.dumps(spelled).encode()
    return json.dumps({"predictions": {f"image_{number:04d}": spelled[number - 1] for number in order}}).encode()


@given(cases(), st.randoms(use_true_random=False))
def test_the_same_guesses_in_any_format_and_numbering_have_the_same_errors(
    drawn: tuple[Rows, Rows, set[int]], chance: object
) -> None:
    rows, objects = [[(min(guess[0], 3), *guess[1:]) for guess in row] for row in drawn[0]], drawn[1]
    wnids = {synset.id: synset.wnid for synset in SYNSETS}
    order = list(range(1, len(rows) + 1))
    chance.shuffle(order)  # type: ignore[attr-defined]
    ranked = [[(ZOO[guess[0]], *guess[1:]) for guess in row] for row in rows]
    ranked_1 = [[(ZOO[guess[0]] + 1, *guess[1:]) for guess in row] for row in rows]
    lines = text(ranked_1).decode().splitlines()
    csv = "ImageId,PredictionString\n" + "".join(f"image_{n:04d},{lines[n - 1]}\n" for n in order)
    named = "".join(" ".join(written(guess, wnids[guess[0]]) for guess in row) + "\n" for row in rows)
    ways = [
        ("ilsvrc", text(rows)),
        ("model-zoo", text(ranked)),
        ("kaggle", text(ranked_1)),
        ("wnid", named.encode()),
        ("ilsvrc", csv.encode()),
        ("ilsvrc", as_json(rows)),
        ("ilsvrc", as_json(rows, order=order)),
        ("wnid", as_json(rows, wnids.__getitem__, order)),
    ]
    answers = []
    for labels, data in ways:
        case = Case(categories=3, synsets=SYNSETS, labels=labels, image_names="image_{:04d}", images=len(rows))  # type: ignore[arg-type]
        answers.append(found(data, text(objects), case).metrics)
    assert answers == [answers[0]] * len(ways)


def test_exactly_half_will_do_and_a_little_less_will_not() -> None:
    truth = b"1 0 0 9 9\n"
    assert found(b"1 0 0 9 4\n", truth).metrics["localization_error"] == 0
    assert found(b"1 0 0 9 3.99\n", truth).metrics["localization_error"] == 1
    assert found(b"1 0 0 9 19\n", truth).metrics["localization_error"] == 0
    assert found(b"2 0 0 9 9 1 50 50 60 60\n", truth).metrics["localization_error"] == 1


def refused(predictions: bytes, truth: bytes = EXAMPLE.truth, **options: object) -> Unreadable:
    case = Case(categories=3, synsets=SYNSETS, image_names="image_{:04d}", **options)  # type: ignore[arg-type]
    with pytest.raises(Unreadable) as caught:
        found(predictions, truth, case)
    return caught.value


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"1 0 0 9 9\n2 0 0\n0\n", "incomplete-box", 2, 1),
        (b"1 0 0 9 9 2 5 5\n0\n0\n", "incomplete-box", 1, 11),
        (b"1 0 0 9 9\n7\n0\n", "incomplete-box", 2, 1),
        (b"1 0 0 9 9\n\n0\n", "blank-line", 2, 1),
        (b"1.5 0 0 9 9\n0\n0\n", "not-a-whole-number", 1, 1),
        (b"-1 0 0 9 9\n0\n0\n", "negative-number", 1, 1),
        (b"1 0 nan 9 9\n0\n0\n", "not-finite", 1, 5),
        (b"1 0 0 9 1e999\n0\n0\n", "number-too-large", 1, 9),
        (b"1 0 0 9 x\n0\n0\n", "not-a-number", 1, 9),
        (b"ImageId,PredictionString\nimage_0001,1 0 0\nimage_0002,\nimage_0003,\n", "incomplete-box", 2, 12),
        (b"ImageId,PredictionString\nimage_0001,\nimage_0002,\nimage_0002,\n", "duplicate-image", 4, 1),
        (b"ImageId,PredictionString\nimage_0001,\nimage_0002,\nimage_9,\n", "unknown-image", 4, 1),
        (b"ImageId,PredictionString\nimage_0001,\nimage_0002,\n", "missing-image", None, None),
        (b"ImageId,PredictionString\nimage_0001,\nimage_0002\nimage_0003,\n", "no-comma", 3, 1),
        (b"[[[1, 0, 0, 9]], [], []]", "incomplete-box", 1, 3),
        (b"[[[1, 0, 0, 9, 9]], []]", "too-few-rows", None, None),
        (b'[[["1", 0, 0, 9, 9]], [], []]', "not-a-number", 1, 4),
        (b"[[[1, 0, NaN, 9, 9]], [], []]", "not-a-number", 1, 10),
        (b"[[1, 0, 0, 9, 9], [], []]", "json-unexpected", 1, 3),
    ],
)
def test_faults_are_told_at_their_place(data: bytes, code: str, line: int | None, column: int | None) -> None:
    faults = refused(data).faults
    assert (code, line, column) in [(fault.code, fault.line, fault.column) for fault in faults]


def test_a_csv_needs_names_and_wnids_and_says_so() -> None:
    csv = b"ImageId,PredictionString\nimage_0001,\nimage_0002,\nimage_0003,\n"
    with pytest.raises(Unreadable, match="no-image-names"):
        found(csv, EXAMPLE.truth, Case(categories=3, synsets=SYNSETS))
    with pytest.raises(Unreadable, match="no-wnids"):
        found(csv, EXAMPLE.truth)


def test_words_that_are_no_wnids_are_told_at_their_place() -> None:
    def codes(data: bytes) -> list[tuple[str, int | None, int | None]]:
        return [(fault.code, fault.line, fault.column) for fault in refused(data, labels="wnid").faults]

    assert codes(b"0\nn99999999 1 1 1 1\n0\n") == [("unknown-wnid", 2, 1)]
    assert codes(b"0\n102119789 1 1 1 1\n0\n") == [("not-a-wnid", 2, 1)]
    assert codes(b"n02119789 1 1 n02119789 1\n0\n0\n") == [("not-a-number", 1, 15)]
    assert codes(b"0\n7 1 1 1 1\n0\n") == [("not-a-wnid", 2, 1)]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"truth": b"0\n"}, "no label"),
        ({"truth": b"4 0 0 1 1\n"}, "above 3"),
        ({"truth": b"1 5 0 1 1\n"}, "ends before"),
        ({"truth": b"1 0 0 1 1\n", "excluded": b"0\n"}, "not an index"),
        ({"truth": b"1 0 0 1 1\n", "other": b"2\n"}, "part 'other'"),
    ],
)
def test_a_truth_that_cannot_be_meant_is_refused(parts: dict[str, bytes], message: str) -> None:
    with pytest.raises(Broken, match=message):
        found(b"0\n", pack(parts), Case(categories=3))


@pytest.mark.parametrize(
    ("excluded", "error", "code"),
    [
        (b"1\n", 2 / 3, ""),
        (b"1\n1\n", 2 / 2, "excluded-surplus"),
        (b"1\n9\n", 2 / 2, "excluded-surplus"),
        (b"1\n1\n9\n", 2 / 1, "excluded-surplus"),
        (b"1\n1\n9\n9\n", None, "all-images-excluded"),
    ],
)
def test_each_line_of_the_excluded_lowers_the_divisor_as_officially(
    excluded: bytes, error: float | None, code: str
) -> None:
    truth = pack({"truth": b"1 0 0 9 9\n" * 4, "excluded": excluded})
    findings = found(b"1 0 0 9 9\n" * 2 + b"2 0 0 9 9\n" * 2, truth)
    assert findings.metrics.get("localization_error") == error
    assert findings.metrics["top_5_error"] == 0.5
    assert (code in [note.code for note in findings.notes]) is bool(code)
    for ends in findings.intervals.get("localization_error", {}).values():
        assert ends.low <= (error or 0) <= ends.high


def test_a_label_without_a_box_can_only_be_wrong_on_boxes() -> None:
    truth = pack({"truth": b"1 0 0 1 1\n1 0 0 1 1\n", "labels": b"2\n1\n"})
    for guess, top_5_error in ((b"1 0 0 1 1\n" * 2, 0.5), (b"2 0 0 1 1\n1 0 0 1 1\n", 0)):
        findings = found(guess, truth)
        assert findings.metrics["localization_error"] == 0.5
        assert findings.metrics["top_5_error"] == top_5_error
        assert [(note.code, note.count) for note in findings.notes if note.code == "no-box"] == [("no-box", 1)]


def test_a_label_counts_once_or_as_the_part_labels_says() -> None:
    objects = b"1 0 0 9 9 1 20 20 29 29 2 50 50 59 59\n"
    guess = b"1 0 0 9 9\n"
    assert found(guess, objects).metrics["localization_error"] == 0.5
    assert found(guess, pack({"truth": objects, "labels": b"1\n"})).metrics["localization_error"] == 0


def test_what_was_accepted_is_noted() -> None:
    rows = b"1 9 9 0 0 9 0 0 1 1\n" + b"1 0 0 1 1 " * 6 + b"\n0\n"
    notes = {note.code: (note.count, note.first_line) for note in found(rows, EXAMPLE.truth, Case(categories=3)).notes}
    assert notes == {
        "extra-guesses": (1, 2),
        "unknown-categories": (1, 1),
        "missing-guesses": (2, 1),
        "inverted-boxes": (1, 1),
    }
    fractions = b"1 0.1 0.2 0.5 0.6\n1 0 0 1 1\n0\n"
    assert "looks-like-fractions" in [note.code for note in found(fractions, EXAMPLE.truth).notes]


pieces = st.sampled_from(
    [b"1 0 0 9 9", b" ", b"\n", b",", b"0", b"[", b"]", b'"', b"{", b":", b"n02119789", b"1e9", b"-", b"\xff", b"\r"]  # noqa: RUF005
    + [b"ImageId,PredictionString\n", b"image_0001,", b"nan", b"\x00", b"[[1,0,0,9,9]]", b'{"predictions":']
)


@given(st.lists(pieces, max_size=12).map(b"".join), st.sampled_from(["ilsvrc", "model-zoo", "kaggle", "wnid"]))
def test_no_file_makes_reading_fail_otherwise_than_by_a_refusal(data: bytes, labels: str) -> None:
    case = Case(categories=3, synsets=SYNSETS, image_names="image_{:04d}", images=3, labels=labels)  # type: ignore[arg-type]
    try:
        localization.describe(localization.parse(case, data, None))
    except Unreadable as refusal:
        told = refusal.faults
        assert told
