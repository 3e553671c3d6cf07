"""Typical mistakes with every task's files: refused by a code that tells the cause, with line and remedy; or noted."""

import re
from collections import Counter

import pytest

from services.scorer.protocol import Case
from services.scorer.tasks import TASKS, find_task
from shared.bundles import pack
from shared.errors import Unreadable
from tests.services.scorer.diagnosis.task_mistakes import CATEGORIES, GOOD, IMAGES, MISTAKES, PATTERNS, TaskMistake
from tests.services.scorer.official import ROOT

REFUSED = [mistake for mistake in MISTAKES if not mistake.accepted]
NOTED = [mistake for mistake in MISTAKES if mistake.accepted]
VIDEOS = {"video-tracking": {"videos": b"a 1 6\nb 7 12\n"}}


def named(mistake: TaskMistake) -> str:
    return f"{mistake.kind}: {mistake.sent}"


def case(kind: str) -> Case:
    return Case(images=IMAGES, categories=CATEGORIES, image_names=PATTERNS.get(kind, ""))


def truth(kind: str) -> bytes:
    """The truth is the good file, where one label an image is not asked for."""
    parts = {"truth": GOOD[kind], **VIDEOS.get(kind, {})}
    if kind == "scene-classification":
        parts["truth"] = b"".join(b" ".join(line.split()[:2]) + b"\n" for line in GOOD[kind].splitlines())
    return pack(parts) if len(parts) > 1 else parts["truth"]


def parsed(kind: str, data: bytes, *, blind: bool) -> object:
    task = find_task(kind)
    return task.parse(case(kind), data, None if blind else task.read_truth(case(kind), truth(kind)))


@pytest.mark.parametrize("mistake", REFUSED, ids=named)
def test_a_mistake_is_refused_by_its_cause_with_line_and_remedy(mistake: TaskMistake) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(mistake.kind, mistake.data, blind=False)
    refusal = caught.value
    assert refusal.code == mistake.code, refusal.sentence
    assert refusal.faults[0].line == mistake.line
    assert refusal.fault_count >= len(refusal.faults) >= 1
    assert mistake.remedy in refusal.remedy
    assert refusal.remedy
    assert refusal.sentence.isprintable()


@pytest.mark.parametrize("mistake", NOTED, ids=named)
def test_a_file_that_is_taken_but_looks_mistaken_has_a_note(mistake: TaskMistake) -> None:
    found = find_task(mistake.kind).describe(parsed(mistake.kind, mistake.data, blind=True))
    notes = {note.code: note for note in found.notes}
    assert mistake.code in notes
    assert mistake.line in (None, notes[mistake.code].first_line)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file_has_no_note(kind: str) -> None:
    task = find_task(kind)
    assert task.describe(parsed(kind, GOOD[kind], blind=True)).notes == ()
    assert task.describe(parsed(kind, GOOD[kind], blind=False)).notes == ()


def test_every_task_has_eight_mistakes_and_more_and_a_file_without_one() -> None:
    counts = Counter(mistake.kind for mistake in MISTAKES)
    assert counts.keys() == GOOD.keys() == {task.NAME for task in TASKS} - {"classification"}
    assert min(counts.values()) >= 8
    assert len(set(map(named, MISTAKES))) == len(MISTAKES)


@pytest.mark.parametrize("kind", GOOD)
def test_the_pages_name_every_code(kind: str) -> None:
    pages = [kind, *({"detection"} if "video" in kind else set())]
    text = "".join((ROOT / "docs" / "tasks" / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    known = set(re.findall(r"`([a-z0-9-]+)`", text))
    assert {mistake.code for mistake in MISTAKES if mistake.kind == kind} <= known
