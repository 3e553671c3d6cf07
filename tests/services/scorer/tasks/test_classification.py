"""Classification beside the official outputs, a second opinion, and what must be true of any submission."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.protocol import Case, Findings, case_of
from services.scorer.tasks import classification
from shared.challenge import read_challenge
from shared.errors import Broken, Unreadable
from tests.reference import classification as reference
from tests.services.scorer.official import REAL, ROOT, golden, needs_real_data

EXAMPLE = classification.EXAMPLE
SYNSETS = EXAMPLE.definition.synsets


def found(predictions: bytes, truth: bytes, case: Case | None = None) -> Findings:
    return find(classification, case or Case(), predictions, truth)


def text(lines: reference.Lines) -> bytes:
    return b"".join(b" ".join(b"%d" % number for number in line) + b"\n" for line in lines)


@pytest.mark.parametrize("folder", golden("flat"), ids=lambda folder: folder.name)
def test_equals_the_official_evaluator(folder: Path) -> None:
    findings = found((folder / "pred.txt").read_bytes(), (folder / "gt.txt").read_bytes())
    expected = json.loads((folder / "expected.json").read_text())["flat_error"]
    assert list(findings.metrics.values()) == pytest.approx(expected, abs=1e-12, rel=0)


@needs_real_data
@pytest.mark.parametrize(
    "name",
    [
        *(f"{model}_pytorch.cls.txt" for model in ("alexnet", "inception_v3", "resnet18", "resnet50", "resnet152")),
        *(f"{model}_keras.cls.txt" for model in ("densenet121", "mobilenet")),
        "vgg16_pytorch.cls.txt",
        "demo.val.pred.cls.txt",
    ],
)
def test_real_models_have_their_published_and_derived_errors(name: str) -> None:
    definition = read_challenge(ROOT / "deploy" / "challenges" / "ilsvrc2012")
    task = definition.tasks["classification"]
    case = case_of(definition, task, task.splits["validation"])
    truth = (REAL / "ILSVRC2012_validation_ground_truth.txt").read_bytes()
    with (REAL / "expected_errors.tsv").open() as file:
        expected = next(row for row in csv.DictReader(file, delimiter="\t") if row["submission"] == name)
    metrics = found((REAL / name).read_bytes(), truth, case).metrics
    for k in range(1, 6):
        assert metrics[f"top_{k}_error"] == float(expected[f"flat@{k}"])
        assert metrics[f"top_{k}_hierarchical_error"] == pytest.approx(float(expected[f"hier@{k}"]), abs=1e-9)
    assert metrics["hierarchical_error"] == metrics["top_5_hierarchical_error"]


@st.composite
def cases(draw: st.DrawFn) -> tuple[reference.Lines, reference.Lines]:
    """Guesses and truth over the categories 1 to 3 of the example, with ancestors, unknown ids, zeros, extras."""
    images = draw(st.integers(1, 12))
    rows = st.lists(st.integers(0, 6), min_size=1, max_size=7)
    labels = st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any)
    return draw(st.lists(rows, min_size=images, max_size=images)), draw(
        st.lists(labels, min_size=images, max_size=images)
    )


@pytest.mark.parametrize("hierarchical", ["raw", "normalised"])
@given(drawn=cases())
def test_agrees_with_the_second_opinion(hierarchical: str, drawn: tuple[reference.Lines, reference.Lines]) -> None:
    guesses, truth = drawn
    case = Case(categories=3, hierarchical=hierarchical, synsets=SYNSETS)
    metrics = found(text(guesses), text(truth), case).metrics
    distance = reference.hierarchical([(s.id, s.height, s.children) for s in SYNSETS], 3)
    unit = 2 if hierarchical == "normalised" else 1
    for k in range(1, 6):
        flat = reference.error(guesses, truth, k, reference.flat, worst=1)
        by_height = reference.error(guesses, truth, k, distance, worst=2) / unit
        assert metrics[f"top_{k}_error"] == float(flat)
        assert metrics[f"top_{k}_hierarchical_error"] == float(by_height)


@given(cases())
def test_the_truth_submitted_is_perfect(drawn: tuple[reference.Lines, reference.Lines]) -> None:
    case = Case(categories=3, hierarchical="raw", synsets=SYNSETS)
    findings = found(text(drawn[1]), text(drawn[1]), case)
    assert findings.metrics["top_5_error"] == 0
    assert findings.metrics["hierarchical_error"] == 0


@given(cases())
def test_errors_never_grow_with_more_guesses(drawn: tuple[reference.Lines, reference.Lines]) -> None:
    metrics = found(text(drawn[0]), text(drawn[1])).metrics
    errors = [metrics[f"top_{k}_error"] for k in range(1, 6)]
    assert errors == sorted(errors, reverse=True)


@given(cases(), st.data())
def test_the_order_of_true_labels_and_of_guesses_after_the_right_one_does_not_matter(
    drawn: tuple[reference.Lines, reference.Lines], data: st.DataObject
) -> None:
    guesses, truth = drawn[0], [[label for label in labels if label][:1] for labels in drawn[1]]
    shuffled = []
    for row, (label,) in zip(guesses, truth, strict=True):
        right = row[:5].index(label) + 1 if label in row[:5] else 5
        shuffled.append(row[:right] + data.draw(st.permutations(row[right:])))
    before, after = found(text(guesses), text(truth)), found(text(shuffled), text(truth))
    assert before.metrics == after.metrics or any(len(row) > 5 for row in guesses)
    several = [data.draw(st.permutations(labels)) for labels in drawn[1]]
    assert found(text(guesses), text(several)).metrics == found(text(guesses), text(drawn[1])).metrics


@given(cases())
def test_a_wrong_guess_of_lower_rank_never_helps(drawn: tuple[reference.Lines, reference.Lines]) -> None:
    guesses, truth = [row[:4] for row in drawn[0]], drawn[1]
    before = found(text(guesses), text(truth)).metrics
    assert found(text([[*row, 6] for row in guesses]), text(truth)).metrics == before


def test_notes_tell_what_was_accepted_but_may_not_be_meant() -> None:
    case = Case(categories=10)
    findings = found(b"1 2 3 4 5\n1 2 3 4 5 6\n11 2 3 4 5\n1\n0 0\n1 2 2 1 7\n", b"1\n" * 6, case)
    notes = {note.code: (note.count, note.first_line) for note in findings.notes}
    assert notes == {
        "extra-guesses": (1, 2),
        "unknown-categories": (1, 3),
        "missing-guesses": (2, 4),
        "repeated-guesses": (1, 6),
    }


def test_fewer_guesses_are_named_by_their_number() -> None:
    assert list(found(b"1 2 3\n", b"3\n", Case(guesses=2)).metrics) == ["top_1_error", "top_2_error"]


@pytest.mark.parametrize(
    ("truth", "code"), [(b"1\n0\n", "no-label"), (b"1\n4\n", "unknown-label"), (b"1\n", "too-few-lines")]
)
def test_a_truth_that_cannot_be_judged_by_is_refused_with_its_line(truth: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        classification.read_truth(Case(categories=3, images=2), truth)
    assert caught.value.code == code
    assert caught.value.faults[0].line == (1 if code == "too-few-lines" else 2)


def test_a_bad_truth_is_our_fault_and_never_the_submissions() -> None:
    with pytest.raises(Broken):
        found(b"1\n", b"zero\n")


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_out_of_parse(predictions: bytes) -> None:
    try:
        parsed = classification.parse(Case(categories=3, images=2), predictions, np.array([[1], [2]], np.int32))
    except Unreadable:
        return
    assert parsed.guesses.shape == (2, 5)
    assert parsed.guesses.max() <= 3
