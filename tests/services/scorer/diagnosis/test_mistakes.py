"""Every mistake of the collection is told by its cause; good files are told nothing; and nothing else ever comes out."""

import re
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scorer.diagnosis.causes import explaining
from services.scorer.diagnosis.sight import START_BYTES
from services.scorer.evaluate import check
from services.scorer.protocol import Case
from services.scorer.tasks import classification
from shared.errors import Fault, Unreadable
from shared.report import Check
from tests.services.scorer.diagnosis.mistake import Mistake, case, definition, guesses, written
from tests.services.scorer.diagnosis.mistakes import GOOD, MISTAKES
from tests.services.scorer.official import ROOT

PAGE = (ROOT / "docs" / "tasks" / "classification.md").read_text(encoding="utf-8")

SYMPTOMS = {
    "too-few-lines",
    "too-many-lines",
    "not-a-number",
    "not-a-whole-number",
    "negative-number",
    "number-too-large",
    "empty-field",
    "lone-carriage-return",
    "line-too-long",
    "binary-file",
    "other-format",
}
"""Codes that say what stands in a file, and not why."""

EXAMPLE = classification.EXAMPLE.definition
SMALL = [[n % 9 + 1, n % 7 + 10, n % 5 + 20] for n in range(12)]


@cache
def checked(mistake: Mistake) -> Check:
    return check(definition(), "classification", mistake.split, mistake.data)


def row(mistake: Mistake) -> str:
    """What the task's page says of a mistake."""
    found = checked(mistake)
    said = {note.code: note.sentence for note in found.notes}
    code, sentence = (
        (mistake.code, said[mistake.code]) if found.failure is None else (found.failure.code, found.failure.sentence)
    )
    return f"| {mistake.sent} | `{code}` | {sentence.replace('|', chr(92) + '|')} |"


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if not m.accepted], ids=lambda mistake: mistake.sent)
def test_a_refused_file_is_told_its_cause_and_remedy_and_keeps_its_faults_by_line(mistake: Mistake) -> None:
    found = checked(mistake)
    assert found.failure
    assert found.failure.code == mistake.code
    assert mistake.says in found.failure.sentence
    assert mistake.remedy in found.failure.remedy
    assert mistake.line in (None, found.faults[0].line)
    assert found.fault_count >= len(found.faults)
    assert found.failure.sentence.isprintable()


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.accepted], ids=lambda mistake: mistake.sent)
def test_an_accepted_file_that_looks_mistaken_has_a_note_and_a_good_one_has_none(mistake: Mistake) -> None:
    found = checked(mistake)
    assert found.outcome == "accepted"
    notes = {note.code: note for note in found.notes}
    if not mistake.code:
        assert not notes
        return
    assert mistake.says in notes[mistake.code].sentence
    assert mistake.line in (None, notes[mistake.code].first_line)


def test_of_forty_mistakes_and_more_at_least_thirty_eight_are_named_by_cause() -> None:
    mistakes = [mistake for mistake in MISTAKES if mistake.code]
    by_cause = [mistake for mistake in mistakes if mistake.code not in SYMPTOMS]
    assert len(mistakes) >= 44
    assert len(by_cause) >= 38
    assert len({mistake.sent for mistake in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.code], ids=lambda mistake: mistake.sent)
def test_the_page_lists_the_mistake_with_what_is_said(mistake: Mistake) -> None:
    assert row(mistake) in PAGE.splitlines()


def test_no_row_of_the_page_is_about_another_mistake() -> None:
    section = PAGE.split("## Mistakes")[1].split("\n## ")[0]
    listed = {line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if re.match(r"\| .* \| `", line)}
    assert listed == {mistake.sent for mistake in MISTAKES if mistake.code}


@pytest.mark.parametrize("split", ["validation", "test"])
def test_good_files_have_no_notes(split: str) -> None:
    images = case(split).images
    assert images
    parsed = classification.parse(case(split), written(guesses(images)), None)
    assert parsed.notes == ()


def test_a_number_for_each_category_looks_like_scores() -> None:
    parsed = classification.parse(Case(categories=100), (b"1 " * 100 + b"\n") * 3, None)
    assert "looks-like-scores" in {note.code for note in parsed.notes}


def test_one_slip_is_told_as_it_is_without_a_cause_for_the_whole_file() -> None:
    at = GOOD.index(b"\n", START_BYTES * 3) + 1
    with pytest.raises(Unreadable) as caught:
        classification.parse(case(), GOOD[:at] + b"x" + GOOD[at + 1 :], None)
    assert caught.value.code == "not-a-number"
    assert caught.value.faults[0].line == GOOD[:at].count(b"\n") + 1


def test_a_heading_made_of_numbers_is_one_line_too_many() -> None:
    found = check(definition(), "classification", "validation", b"1 2 3 4 5\n" + GOOD)
    assert found.failure
    assert found.failure.code == "one-line-too-many"


def test_a_file_refused_before_its_lines_were_read_is_told_by_its_first_lines() -> None:
    too_long = Unreadable("file-too-long", "The file is too long.", "", (Fault("file-too-long", "It is.", ""),))
    data = b"0.25 0.5 0.125 0.125\n" * 1000
    with pytest.raises(Unreadable) as caught, explaining(case(), data, 1000):
        raise too_long
    assert caught.value.code == "probabilities"
    assert caught.value.faults == too_long.faults


@pytest.mark.parametrize("images", [None, 11, 12])
def test_other_numbers_of_images_take_the_same_causes(images: int | None) -> None:
    with pytest.raises(Unreadable) as caught:
        classification.parse(Case(images=images), written(SMALL, ";"), None)
    assert caught.value.code == "other-separator"


PIECES = (
    *("[", "]", "{", '"', "tensor(", "...", "nan", "-1", "0.5", "1e3", ";", "|", ":", ",", ",,", "1:2", "99999999999"),
    *(
        "\n",
        "\n\n",
        "\r",
        "\r\r\n",
        "７",
        "\u00a0",
        "é",
        "\0",
        "\x80\x04",
        "PK\x03\x04",
        "<html>",
        "kit fox",
        "n02119789",
    ),
    *("ILSVRC2012_val_00000001.JPEG", "Traceback (most recent call last):", "ImageId,PredictionString\n"),
    *("version https://git-lfs.github.com/spec/v1\n", "INFO ", "3: ", ",0,1,2\n", "#N/A", "1 0.5", "array([", "(1, 2)"),
)
pieces = st.sampled_from(PIECES)
slips = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 3), pieces | st.text(max_size=3)), min_size=1, max_size=12
)


@given(slips, st.sampled_from([1, 11, 12, 13, 24, 60]), st.booleans())
@example([(0, 0, "[")], 12, False)
def test_a_good_file_with_any_slips_is_read_or_refused_and_nothing_else(
    slips: list[tuple[int, int, str]], images: int, everywhere: bool
) -> None:
    text = written(SMALL).decode()
    for place, cut, piece in slips:
        text = (
            text.replace(text[place : place + 1] or "\n", piece)
            if everywhere
            else text[:place] + piece + text[place + cut :]
        )
        text = text[:20_000]
    read_or_refused(text.encode("utf-8", "surrogatepass"), images)


@given(st.binary(max_size=300), st.sampled_from([1, 2, 50]))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes, images: int) -> None:
    read_or_refused(data, images)


def read_or_refused(data: bytes, images: int) -> None:
    """A check, which would let any other error through."""
    split = EXAMPLE.tasks["classification"].splits["test"].model_copy(update={"images": images})
    task = EXAMPLE.tasks["classification"].model_copy(update={"splits": {"test": split}, "categories": 1000})
    found = check(EXAMPLE.model_copy(update={"tasks": {"classification": task}}), "classification", "test", data)
    assert (found.failure is None) == (found.outcome == "accepted")
    assert found.failure is None or found.failure.sentence.isprintable()
    assert found.failure is None or found.fault_count >= len(found.faults) >= 1


@pytest.mark.parametrize(
    "piece", [b"1;", b"[1,", b"0." + b"1" * 900, b"\xc2\xa0", b"a-", b"1:.", b"tensor(", b"( 1", b'"', b"1 \t"]
)
def test_endless_lines_of_one_piece_are_looked_at_in_passing(piece: bytes) -> None:
    line = piece * (100_000 // len(piece))
    read_or_refused((line + b"x\n") * 20, 20)
