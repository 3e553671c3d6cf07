"""Classification by any label (ReaL): images without a label are skipped, and any label of an image will do."""

import csv
import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.evaluate import find
from services.scorer.protocol import Case, Findings
from services.scorer.tasks import classification
from shared.errors import Broken, Unreadable
from tests.reference import classification as reference
from tests.services.scorer.official import REAL, needs_real_data

ANY_LABEL = {"any_label": True}

MODELS = (
    *(f"{model}_pytorch.cls.txt" for model in ("alexnet", "inception_v3", "resnet18", "resnet50", "resnet152")),
    *(f"{model}_keras.cls.txt" for model in ("densenet121", "mobilenet")),
    "vgg16_pytorch.cls.txt",
)


def found(predictions: bytes, truth: bytes, case: Case | None = None) -> Findings:
    return find(classification, case or Case(options=ANY_LABEL), predictions, truth)


def text(lines: reference.Lines) -> bytes:
    return b"".join(b" ".join(b"%d" % number for number in line or [0]) + b"\n" for line in lines)


@cache
def reassessed() -> reference.Lines:
    """The published labels, from model-zoo indices to ids."""
    with (REAL / "synsets.tsv").open() as file:
        rows = csv.DictReader(file, delimiter="\t")
        ids = {row["model_zoo_index"]: int(row["ilsvrc2012_id"]) for row in rows if row["model_zoo_index"]}
    labels = json.loads((REAL / "reassessed_labels.json").read_text())
    return [[ids[str(index)] for index in image] for image in labels]


@needs_real_data
@pytest.mark.parametrize("name", MODELS)
def test_real_models_on_the_reassessed_labels_agree_with_the_second_opinion(name: str) -> None:
    truth = reassessed()
    predictions = (REAL / name).read_bytes()
    findings = found(predictions, text(truth), Case(categories=1000, images=50_000, options=ANY_LABEL))
    guesses = reference.read(predictions)
    for k in (1, 5):
        assert findings.metrics[f"top_{k}_error"] == float(reference.error_by_any_label(guesses, truth, k))
    assert 0.1 < findings.metrics["top_1_error"] < 0.5
    assert not findings.notes


@st.composite
def cases(draw: st.DrawFn) -> tuple[reference.Lines, reference.Lines]:
    images = draw(st.integers(1, 12))
    rows = st.lists(st.integers(0, 6), min_size=1, max_size=7)
    labels = st.lists(st.integers(1, 3), max_size=4)
    truth = draw(st.lists(labels, min_size=images, max_size=images).filter(any))
    return draw(st.lists(rows, min_size=images, max_size=images)), truth


@given(cases())
def test_agrees_with_the_second_opinion(drawn: tuple[reference.Lines, reference.Lines]) -> None:
    guesses, truth = drawn
    metrics = found(text(guesses), text(truth)).metrics
    for k in range(1, 6):
        assert metrics[f"top_{k}_error"] == float(reference.error_by_any_label(guesses, truth, k))


@given(cases())
def test_the_truth_submitted_is_perfect_with_the_first_guess(drawn: tuple[reference.Lines, reference.Lines]) -> None:
    assert set(found(text(drawn[1]), text(drawn[1])).metrics.values()) == {0.0}


def test_what_is_guessed_for_a_skipped_image_makes_no_difference() -> None:
    assert found(b"1\n2\n", b"1\n0\n").metrics == found(b"1\n0\n", b"1\n0\n").metrics
    assert found(b"1\n2\n", b"1\n0\n").metrics["top_1_error"] == 0


def test_a_truth_without_any_label_is_refused_and_so_is_an_unknown_label() -> None:
    for truth, code in ((b"0\n0\n", "no-label"), (b"0\n4\n", "unknown-label")):
        with pytest.raises(Unreadable) as caught:
            classification.read_truth(Case(categories=3, options=ANY_LABEL), truth)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "case", [Case(options={"any_label": 1}), Case(options=ANY_LABEL, hierarchical="raw", categories=3)]
)
def test_an_option_that_cannot_be_is_the_definition_s_fault(case: Case) -> None:
    with pytest.raises(Broken):
        found(b"1\n", b"1\n", case)


def test_blind_guesses_at_several_labels_are_at_chance() -> None:
    truth = [[1 + n % 1000, 1 + (7 * n + 3) % 1000] for n in range(4000)]
    guesses = [[1 + (n * n + 13 * k) % 1000 for k in range(5)] for n in range(4000)]
    findings = found(text(guesses), text(truth), Case(categories=1000, options=ANY_LABEL))
    assert "chance-level" in {note.code for note in findings.notes}
    assert findings.metrics["top_5_error"] == float(reference.error_by_any_label(guesses, truth, 5))
