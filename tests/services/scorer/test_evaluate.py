"""From files to a report, and what a locked-down process may rely on."""

import subprocess
import sys

import pytest

from services.scorer.evaluate import check, evaluate, warm
from services.scorer.tasks import TASKS, classification, find_task
from shared.errors import Broken
from shared.report import LEVELS, Provenance, Report
from tests.services.scorer.official import ROOT

EXAMPLE = classification.EXAMPLE
PROVENANCE = Provenance(scorer="0", definition="0" * 64, truth="1" * 64, submission="2" * 64)


def judged(predictions: bytes, **changes: str) -> Report:
    names = {"task": "classification", "split": "test"} | changes
    return evaluate(EXAMPLE.definition, names["task"], names["split"], predictions, EXAMPLE.truth, PROVENANCE)


def test_a_good_file_is_scored_with_intervals_at_every_level() -> None:
    report = judged(EXAMPLE.predictions)
    assert report.outcome == "scored"
    assert report.headline in report.metrics
    assert report.metrics.keys() == report.intervals.keys()
    assert all(tuple(levels) == LEVELS for levels in report.intervals.values())
    assert report.provenance == PROVENANCE


@pytest.mark.parametrize("predictions", EXAMPLE.broken)
def test_a_broken_file_is_rejected_with_its_faults(predictions: bytes) -> None:
    report = judged(predictions)
    assert report.outcome == "rejected"
    assert report.failure
    assert report.fault_count >= len(report.faults) >= 1
    assert not report.metrics


@pytest.mark.parametrize("predictions", [EXAMPLE.predictions, *EXAMPLE.broken])
def test_the_same_bytes_give_the_same_report(predictions: bytes) -> None:
    assert judged(predictions).canonical() == judged(predictions).canonical()


@pytest.mark.parametrize("changes", [{"task": "tasting"}, {"split": "train"}])
def test_a_job_that_the_definition_does_not_know_is_our_fault(changes: dict[str, str]) -> None:
    with pytest.raises(Broken):
        judged(EXAMPLE.predictions, **changes)


def test_a_kind_of_task_that_this_scorer_does_not_have_is_our_fault() -> None:
    with pytest.raises(Broken):
        find_task("tasting")


def test_a_good_file_is_accepted_by_a_check_which_counts_and_never_scores() -> None:
    checked = check(EXAMPLE.definition, "classification", "test", EXAMPLE.predictions)
    judged_by = judged(EXAMPLE.predictions)
    assert (checked.outcome, checked.challenge, checked.split) == ("accepted", "example", "test")
    assert checked.counts["images"] == 3
    assert checked.notes == judged_by.notes
    assert "metrics" not in type(checked).model_fields


@pytest.mark.parametrize("predictions", EXAMPLE.broken)
def test_a_check_refuses_what_an_evaluation_refuses_in_the_same_words(predictions: bytes) -> None:
    checked, report = check(EXAMPLE.definition, "classification", "test", predictions), judged(predictions)
    assert checked.outcome == report.outcome == "rejected"
    assert (checked.failure, checked.faults, checked.fault_count) == (report.failure, report.faults, report.fault_count)


def test_a_check_of_a_split_that_the_definition_does_not_have_is_our_fault() -> None:
    with pytest.raises(Broken):
        check(EXAMPLE.definition, "classification", "train", EXAMPLE.predictions)


def test_stages_are_told_in_order() -> None:
    told: list[str] = []
    evaluate(EXAMPLE.definition, "classification", "test", EXAMPLE.predictions, EXAMPLE.truth, PROVENANCE, told.append)
    assert told == ["parsing", "scoring", "intervals"]


def test_every_task_has_an_example_that_is_scored() -> None:
    warm()
    for task in TASKS:
        definition = task.EXAMPLE.definition
        report = evaluate(definition, task.NAME, "test", task.EXAMPLE.predictions, task.EXAMPLE.truth, PROVENANCE)
        assert report.outcome == "scored"


LOCKED = """
import sys
from services.scorer.evaluate import check, evaluate, warm
from shared.errors import HoldoutError
from shared.report import Provenance
from services.scorer.tasks.classification import EXAMPLE

warm()
from tests.services.scorer.diagnosis.mistakes import MISTAKES
provenance = Provenance(scorer="0", definition="0" * 64, truth="0" * 64, submission="0" * 64)
many = EXAMPLE.definition.model_copy(deep=True)
wide = b"".join(b"1 2 3 " * (i % 11 + 1) + b"\\n" for i in range(3000))
task = many.tasks["classification"]
test = task.splits["test"].model_copy(update={"images": 3000})
many = many.model_copy(update={"tasks": {"classification": task.model_copy(update={"splits": {"test": test}})}})

def refuse(event, arguments):
    if event in {"open", "import"} or event.startswith(("os.", "socket.", "subprocess.", "_thread.")):
        raise RuntimeError(f"{event} {arguments}")

sys.addaudithook(refuse)
files = [b"1\\n" * n for n in (2, 3, 4)] + [bytes([b]) * 3 for b in range(256)]
files += ["1\\n2".encode("utf-16"), b"9" * 2**19, b"1 2\\n" * 3000]
files += [b"1\\n\\xed\\xa0\\x80 \\xf0\\x9f\\x98\\x80 -1 1.0 a;b\\n3"]
for predictions in files:
    evaluate(EXAMPLE.definition, "classification", "test", predictions, EXAMPLE.truth, provenance).canonical()
    evaluate(many, "classification", "test", predictions, wide, provenance).canonical()
for mistake in MISTAKES:
    check(many, "classification", "test", mistake.data[:5000]).canonical()
for labels, predictions in EXAMPLE.others:
    for definition, truth in ((EXAMPLE.definition, EXAMPLE.truth), (many, wide)):
        meant = provenance.model_copy(update={"labels": labels})
        evaluate(definition, "classification", "test", predictions, truth, meant).canonical()
"""


def test_after_warming_up_nothing_is_opened_imported_or_started() -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
