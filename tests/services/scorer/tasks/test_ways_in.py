"""Classification by every way in: the same guesses have the same score in any numbering and any format."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.protocol import Case, Findings, case_of
from services.scorer.tasks import classification
from shared.challenge import Numbering, Synset, read_challenge
from shared.errors import Unreadable
from tests.reference.classification import Lines
from tests.reference.numbering import spelled
from tests.services.scorer.official import REAL, ROOT, needs_real_data
from tests.services.scorer.written import ARRAYS, json_named, json_rows, npy, scores, text

NUMBERINGS = get_args(Numbering)
PATTERN = "image_{:06d}"
LEAVES = [30, 10, 50, 20, 40, 60, 80, 70]
SYNSETS = (
    *(Synset(id=i, wnid=f"n{w:08d}", name="", height=0) for i, w in enumerate(LEAVES, start=1)),
    Synset(id=9, wnid="n00000005", name="some", height=1, children=(1, 3, 5, 7)),
    Synset(id=10, wnid="n00000006", name="all", height=2, children=(2, 4, 6, 8, 9)),
)
TABLE = [(synset.id, synset.wnid) for synset in SYNSETS[:8]]


def case(labels: Numbering, images: int, held_out: bool = True) -> Case:
    return Case(
        images=images,
        categories=8,
        hierarchical="raw",
        synsets=SYNSETS,
        labels=labels,
        image_names=PATTERN,
        held_out=held_out,
    )


def called(guesses: Lines, labels: Numbering) -> list[list[int | str]]:
    names = spelled(TABLE, labels)
    return [[names[id_] for id_ in row] for row in guesses]


def ways_in(guesses: Lines, labels: Numbering) -> Iterator[tuple[str, bytes]]:
    """The same guesses, five for each image and no two alike, in every format."""
    written = called(guesses, labels)
    backwards = range(len(guesses), 0, -1)
    yield "text", text(written)
    yield "JSON rows", json_rows(written)
    yield "JSON by name", json_named(PATTERN, written, backwards, ".JPEG")
    arrays: list[tuple[str, np.ndarray[Any, Any]]] = []
    if labels != "wnid":
        arrays.append(("ids", np.array(written)))
    columns = spelled(TABLE, labels if labels == "ilsvrc" else "model-zoo")
    first = 1 if labels == "ilsvrc" else 0
    arrays.append(("scores", scores([[int(columns[id_]) - first for id_ in row] for row in guesses], 8)))
    for what, array in arrays:
        yield from ((f"{what} as {how}", write(array)) for how, write in ARRAYS.items())


def found(predictions: bytes, truth: Lines, by: Case) -> Findings:
    return find(classification, by, predictions, text(truth))


def same(findings: Findings) -> bytes:
    """All of it, as bytes, but for what a file looks like: that depends on the numbers it is written in."""
    intervals = {
        name: {level: ends.model_dump() for level, ends in levels.items()}
        for name, levels in findings.intervals.items()
    }
    codes = [note.code for note in findings.notes if not note.code.startswith("looks-like-")]
    return json.dumps([findings.metrics, intervals, codes]).encode()


full_rows = st.permutations(range(1, 9)).map(lambda row: list(row[:5]))


@settings(max_examples=8)
@given(st.lists(st.tuples(full_rows, st.integers(1, 8)), min_size=1, max_size=12))
def test_the_same_guesses_have_the_same_bytes_for_a_score(drawn: list[tuple[list[int], int]]) -> None:
    guesses, truth = [row for row, _ in drawn], [[label] for _, label in drawn]
    expected = same(found(text(guesses), truth, case("ilsvrc", len(truth))))
    for labels in NUMBERINGS:
        for way, predictions in ways_in(guesses, labels):
            assert same(found(predictions, truth, case(labels, len(truth)))) == expected, (labels, way)


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(1, 8), max_size=7), min_size=1, max_size=12), st.sampled_from(NUMBERINGS), st.data()
)
def test_rows_of_any_length_have_the_same_score_too(guesses: Lines, labels: Numbering, data: st.DataObject) -> None:
    truth = [[data.draw(st.integers(1, 8))] for _ in guesses]
    expected = found(text([row or [0] for row in guesses]), truth, case("ilsvrc", len(truth)))
    written = called(guesses, labels)
    for predictions in (json_rows(written), json_named(PATTERN, written)):
        assert same(found(predictions, truth, case(labels, len(truth)))) == same(expected)
    if all(guesses):
        assert same(found(text(written), truth, case(labels, len(truth)))) == same(expected)


@pytest.mark.parametrize("labels", NUMBERINGS)
def test_the_truth_submitted_is_perfect(labels: Numbering) -> None:
    truth = [[id_, *[other for other in range(1, 9) if other != id_][:4]] for id_ in range(1, 9)]
    for way, predictions in ways_in(truth, labels):
        findings = found(predictions, [row[:1] for row in truth], case(labels, 8))
        assert (findings.metrics["top_1_error"], findings.metrics["hierarchical_error"]) == (0, 0), way


@pytest.mark.parametrize(
    ("labels", "line", "code"),
    [
        ("ilsvrc", "9", "unknown-categories"),
        ("model-zoo", "8", "unknown-categories"),
        ("kaggle", "9", "unknown-categories"),
        ("wnid", "n00000005", "unknown-categories"),
        ("ilsvrc", "0", "missing-guesses"),
        ("kaggle", "0", "missing-guesses"),
        ("wnid", "0", "missing-guesses"),
    ],
)
def test_what_is_outside_a_numbering_is_wrong_and_noted(labels: Numbering, line: str, code: str) -> None:
    findings = found(f"{line} {line} {line} {line} {line}\n".encode(), [[1]], case(labels, 1))
    assert findings.metrics["top_5_error"] == 1
    assert code in {note.code for note in findings.notes}


def test_zero_is_a_category_where_ranks_count_from_it() -> None:
    findings = found(b"0 1 2 3 4\n", [[2]], case("model-zoo", 1))
    assert findings.metrics["top_1_error"] == 0
    assert not findings.notes


def test_a_numbering_that_needs_wnids_is_refused_where_there_are_none() -> None:
    for labels in NUMBERINGS[1:]:
        for predictions in (b"1\n", b"[[1]]", npy(np.array([1])), npy(np.ones((1, 3)))):
            with pytest.raises(Unreadable) as refused:
                found(predictions, [[1]], Case(images=1, categories=3, labels=labels))
            assert refused.value.code == "no-wnids"


@pytest.mark.parametrize("start", [b"", b"{", b"[", b"7"])
def test_text_far_too_long_is_refused_before_it_is_read(start: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        found(start + b" " * 2**21 + b"1\n", [[1]], case("ilsvrc", 1))
    assert refused.value.code == "file-too-long"


@given(
    st.binary(max_size=120),
    st.sampled_from([b"", b"\x93NUMPY", b"PK\x03\x04", b"[", b"{"]),
    st.sampled_from(NUMBERINGS),
)
def test_nothing_but_a_refusal_comes_out_of_parse(rest: bytes, start: bytes, labels: Numbering) -> None:
    for truth in (None, np.array([[1], [2]], np.int32)):
        try:
            parsed = classification.parse(case(labels, 2), start + rest, truth)
        except Unreadable:
            continue
        assert parsed.guesses.shape == (2, 5)
        assert 0 <= parsed.guesses.min() <= parsed.guesses.max() <= 8


EDITION = read_challenge(ROOT / "deploy" / "challenges" / "ilsvrc2012")
EDITION_TABLE = [(synset.id, synset.wnid) for synset in EDITION.synsets[:1000]]


def edition(labels: Numbering, held_out: bool) -> Case:
    task = EDITION.tasks["classification"]
    known = case_of(EDITION, task, task.splits["validation"], labels)
    return Case(**{name: getattr(known, name) for name in known.__slots__} | {"held_out": held_out, "images": None})


def told(predictions: bytes, truth: bytes, by: Case) -> dict[str, str]:
    return {note.code: note.sentence for note in find(classification, by, predictions, truth).notes}


@needs_real_data
@pytest.mark.parametrize("meant", ["ilsvrc", "model-zoo", "kaggle"])
@pytest.mark.parametrize("said", ["ilsvrc", "model-zoo", "kaggle"])
def test_a_real_model_in_another_numbering_is_told_which(meant: Numbering, said: Numbering) -> None:
    names = np.array([0, *spelled(EDITION_TABLE, meant).values()])
    predictions = text(names[np.loadtxt(REAL / "resnet50_pytorch.cls.txt", int)].tolist())
    truth = (REAL / "ILSVRC2012_validation_ground_truth.txt").read_bytes()
    open_notes, held_out_notes = (told(predictions, truth, edition(said, held_out)) for held_out in (False, True))
    assert "other-numbering-fits" not in held_out_notes
    assert ("chance-level" in held_out_notes) is ("ilsvrc" in (meant, said) and meant != said)
    if meant == said:
        assert not open_notes
    else:
        assert f"labels={meant}" in open_notes["other-numbering-fits"]
        assert "0.07524" in open_notes["other-numbering-fits"]


def test_blind_guesses_are_at_chance_and_fit_no_numbering() -> None:
    random = np.random.default_rng(8)
    truth = random.integers(1, 1001, (20_000, 1))
    guesses = random.integers(1, 1001, (20_000, 5))
    notes = told(text(guesses.tolist()), text(truth.tolist()), edition("ilsvrc", held_out=False))
    assert "other-numbering-fits" not in notes
    assert "labels" in notes["chance-level"]


def test_scores_in_another_order_of_columns_are_told_which() -> None:
    truth = np.random.default_rng(9).integers(1, 1001, 400)
    ranks = spelled(EDITION_TABLE, "model-zoo")
    by_rank = npy(scores([[int(ranks[label])] for label in truth.tolist()], 1000).astype(np.float32))
    notes = told(by_rank, text(truth[:, None].tolist()), edition("ilsvrc", held_out=False))
    assert "labels=model-zoo" in notes["other-numbering-fits"]
    assert not told(by_rank, text(truth[:, None].tolist()), edition("kaggle", held_out=False))
