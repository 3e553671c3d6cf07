"""The checker can fail: each forged history is caught, by name, and a true one is not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.checker import check
from tests.faults.checking_answers import SILENCE_SECONDS
from tests.faults.evidence import Ending, Evaluation, Evidence, Heard, Posting, Submission, Told
from tests.faults.history import Asked
from tests.faults.venue import NAME, PLACES, REVISED, TEST, VALIDATION, WINDOW_SECONDS, pool

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEAM = "team-1"
COMMON: dict[str, Any] = {"team": TEAM, "task": "classification"}


def asked(number: int, **more: Any) -> Asked:
    told: dict[str, Any] = {
        "at": 0.0,
        "key": f"key-{number}",
        "split": VALIDATION,
        "form": "file",
        "digest": f"digest-{number}",
        "outcome": "scored",
        "score": 0.25,
        "status": 202,
        "submission": f"submission-{number}",
        "body": f"body-{number}",
    }
    return Asked(**COMMON | told | more)


def submission(number: int, **more: Any) -> Submission:
    row: dict[str, Any] = {
        "id": f"submission-{number}",
        "split": VALIDATION,
        "state": "sealed",
        "digest": f"digest-{number}",
        "created_at": NOON,
    }
    return Submission(**COMMON | row | more)


def evaluation(number: int, state: str = "scored") -> Evaluation:
    metrics = {"top_1_error": 0.25} if state == "scored" else {}
    return Evaluation(
        f"evaluation-{number}", f"submission-{number}", state, 1, f"report-{number}", metrics, {1: f"report-{number}"}
    )


def told(number: int, state: str = "scored") -> Told:
    kind = f"evaluation.{state}"
    return Told(f"event-{number}", TEAM, number, f"submission-{number}", f"evaluation-{number}", 1, kind)


def heard(number: int, state: str = "scored") -> Heard:
    return Heard(f"event-{number}", TEAM, True, f"evaluation.{state}", f"submission-{number}", 1, f"said-{number}")


def posting(
    number: int, kind: str, split: str = VALIDATION, after_seconds: float = 0, challenge: str = NAME
) -> Posting:
    return Posting(f"submission-{number}", TEAM, pool(challenge, split), kind, NOON + timedelta(seconds=after_seconds))


def true_story() -> Evidence:
    """Two submissions were scored, a third was rejected, a fourth upload broke off and was not tried again."""
    rejected = ("held", "spent", "refunded")
    return Evidence(
        history=(
            asked(1),
            asked(1, replayed=True),
            asked(2),
            asked(3, outcome="rejected", score=None),
        ),
        submissions=(submission(1), submission(2), submission(3), submission(4, state="abandoned", digest=None)),
        evaluations=(evaluation(1), evaluation(2), evaluation(3, "rejected")),
        events=(told(1), told(2), told(3, "rejected")),
        postings=(
            *(posting(number, kind) for number in (1, 2) for kind in ("held", "spent")),
            *(posting(3, kind) for kind in rejected),
            *(posting(4, kind) for kind in ("held", "released")),
        ),
        heard=(heard(1), heard(2), heard(2), heard(3, "rejected")),
        feeds={TEAM: ["event-1", "event-2", "event-3"]},
        endings=(Ending(TEAM, ended=True, begun=4),),
    )


def refused(status: int | None, code: str, split: str = VALIDATION) -> Asked:
    """A request of noon that came to no submission."""
    at = NOON.timestamp()
    return asked(5, at=at, status=status, code=code, split=split, submission=None, body="")


def revised(number: int, **more: Any) -> Submission:
    return submission(number, **{"challenge": REVISED, "split": TEST, "sealed_at": NOON} | more)


def under(version: int, number: int, state: str = "scored", nth: int = 1) -> Evaluation:
    """The `nth` evaluation of a submission to the revised challenge under a version."""
    said = evaluation(number, state)
    at = NOON + timedelta(seconds=10 * version + nth)
    return replace(said, id=f"evaluation-{number}-{version}-{nth}", version=version, challenge=REVISED, created_at=at)


def story_of_versions() -> Evidence:
    """Version 2 of three was without its truth. A first file was scored before that; a second was new, and came again."""
    judged = (
        *(under(1, 1), under(2, 1, "failed"), under(2, 1, nth=2), under(3, 1)),
        *(under(2, 2, "failed"), under(2, 2, nth=2), under(3, 2)),
        *(under(2, 3, nth=3), under(3, 3)),
    )
    events = [
        Told(f"event-{one.id}", TEAM, number, one.submission, one.id, _nth(judged, one), f"evaluation.{one.state}")
        for number, one in enumerate(judged, start=1)
    ]
    taken, back = ("held", "spent"), ("held", "spent", "refunded")
    return Evidence(
        history=tuple(asked(number, challenge=REVISED, split=TEST) for number in (1, 1, 2, 3)),
        submissions=(
            revised(1),
            revised(2),
            revised(3, digest="digest-2", sealed_at=NOON + timedelta(seconds=1)),
        ),
        evaluations=judged,
        events=events,
        postings=[
            posting(number, kind, TEST, challenge=REVISED)
            for number, kinds in ((1, taken), (2, back), (3, taken))
            for kind in kinds
        ],
        heard=[Heard(one.id, TEAM, True, one.type, one.submission, one.sequence, one.id) for one in events],
        feeds={TEAM: [one.id for one in events]},
        endings=(Ending(TEAM, ended=True, begun=4),),
        newest={REVISED: 3},
        lost=frozenset({2}),
    )


def _nth(judged: Sequence[Evaluation], one: Evaluation) -> int:
    of_it = [other.id for other in judged if other.submission == one.submission]
    return of_it.index(one.id) + 1


Forger = Callable[[Evidence], Evidence]


def without(field: str, matches: Callable[[Any], bool]) -> Forger:
    """What matches is missing."""
    return lambda story: _with(story, field, [one for one in getattr(story, field) if not matches(one)])


def with_more(field: str, *more: Any) -> Forger:
    """There is more than there should be."""
    return lambda story: _with(story, field, [*getattr(story, field), *more])


def changed(field: str, number: int, **changes: Any) -> Forger:
    """One of them is otherwise."""

    def forge(story: Evidence) -> Evidence:
        rows = list(getattr(story, field))
        rows[number] = replace(rows[number], **changes)
        return _with(story, field, rows)

    return forge


def _with(story: Evidence, field: str, rows: list[Any]) -> Evidence:
    forged: dict[str, Any] = {field: tuple(rows)}
    return replace(story, **forged)


def all_at_once(count: int) -> Forger:
    """So many places of the limited pool within a second."""
    lines = [posting(100 + number, kind, TEST, number / count) for number in range(count) for kind in ("held", "spent")]
    return with_more("postings", *lines)


REFUSALS = (
    (400, "form-broken"),
    (401, "key-unknown"),
    (404, "submission-unknown"),
    (409, "split-closed"),
    (422, "idempotency-mismatch"),
    (429, "too-many-open"),
)

busy = with_more("history", *(asked(1, at=SILENCE_SECONDS * half / 2) for half in (1, 2, 3)))
"""Its one team is heard of again and again."""

FORGED: dict[str, tuple[str, Forger]] = {
    "an accepted submission is gone": ("lost", without("submissions", lambda row: row.id == "submission-1")),
    "an accepted submission was abandoned": ("lost", changed("submissions", 0, state="abandoned")),
    "an accepted submission has no outcome": ("lost", without("evaluations", lambda one: one.id == "evaluation-2")),
    "an evaluation never ends": ("unfinished", changed("evaluations", 0, state="running")),
    "an upload never ends": ("open-for-ever", changed("submissions", 3, state="open")),
    "a submission is scored twice": ("scored-twice", with_more("evaluations", replace(evaluation(1), id="another"))),
    "its bytes are gone": ("bytes-lost", changed("submissions", 1, has_object=False)),
    "another score": ("wrong-score", changed("evaluations", 0, metrics={"top_1_error": 0.26})),
    "no score": ("wrong-score", changed("evaluations", 0, metrics={})),
    "another outcome": ("wrong-outcome", changed("evaluations", 0, state="rejected")),
    "a good file failed": ("wrong-outcome", changed("evaluations", 0, state="failed")),
    "a key stands for two submissions": ("key-twice", changed("history", 1, submission="submission-2")),
    "a repeated request is answered otherwise": ("answers-differ", changed("history", 1, body="another")),
    "the same bytes are sealed twice": ("bytes-twice", changed("submissions", 1, digest="digest-1")),
    "the same bytes are charged twice": ("charged-twice", changed("submissions", 1, digest="digest-1")),
    "an outcome without a report": ("missing", changed("evaluations", 0, reports={})),
    "a report that no listing has": ("unlisted", changed("evaluations", 0, unlisted=(1,))),
    "bytes that no listing has": ("unlisted", changed("submissions", 1, is_listed=False)),
    "another report than the outcome's": ("other-report", changed("evaluations", 0, reports={1: "another"})),
    "a report without an outcome": ("no-outcome", changed("evaluations", 0, state="running")),
    "a report of nobody's": ("no-outcome", with_more("stray_reports", "nobody")),
    "two attempts that differ": ("reports-differ", changed("evaluations", 0, reports={1: "report-1", 2: "another"})),
    "a place that was never charged": (
        "not-charged",
        without("postings", lambda line: line.submission == "submission-1"),
    ),
    "a scored file that was refunded": ("not-charged", with_more("postings", posting(1, "refunded"))),
    "a rejected file that was not refunded": (
        "not-refunded",
        without("postings", lambda line: line.kind == "refunded"),
    ),
    "a place held for ever": ("held-for-ever", without("postings", lambda line: line.kind == "released")),
    "a place held by nobody": ("held-for-ever", with_more("postings", posting(9, "held"))),
    "a place spent by nobody": ("charged-for-nothing", with_more("postings", posting(9, "held"), posting(9, "spent"))),
    "a ledger that does not balance": ("unbalanced", with_more("postings", posting(9, "held"))),
    "more places than there are": ("over-the-limit", all_at_once(PLACES + 1)),
    "a request that was never answered": ("unanswered", with_more("history", refused(None, ""))),
    "a request that never came to anything": ("unanswered", changed("endings", 0, begun=5)),
    **{
        f"a good client is told {status} {code}": ("refused-wrongly", with_more("history", refused(status, code)))
        for status, code in REFUSALS
    },
    "no places in a pool without limit": (
        "refused-wrongly",
        with_more("history", refused(429, "no-places-left", VALIDATION)),
    ),
    "no places when there are some": ("refused-early", with_more("history", refused(429, "no-places-left", TEST))),
    "a sender that died": ("sender-died", changed("endings", 0, error="KeyError: 'submission'")),
    "a sender that hangs": ("sender-hangs", changed("endings", 0, ended=False)),
    "a team that stops": ("silent", with_more("history", asked(1, team="team-2", at=SILENCE_SECONDS + 1))),
    "a team that begins late": ("silent", changed("history", 0, at=-SILENCE_SECONDS - 1, team="team-2")),
    "a team that pauses for long": ("silent", changed("history", 0, at=-SILENCE_SECONDS - 1)),
    "a team that never begins": (
        "silent",
        lambda story: with_more("endings", Ending("team-2", ended=True, begun=0))(busy(story)),
    ),
    "an event that was never told": ("event-missing", without("events", lambda event: event.id == "event-2")),
    "an outcome told twice": ("told-twice", with_more("events", replace(told(1), id="again", position=4, sequence=2))),
    "another outcome told": ("told-wrong", changed("events", 0, type="evaluation.failed")),
    "an outcome of nothing": ("told-wrong", changed("events", 0, evaluation="another")),
    "a sequence that begins at two": ("out-of-sequence", changed("events", 0, sequence=2)),
    "a gap in the positions": ("out-of-sequence", changed("events", 2, position=4)),
    "two events at one position": ("out-of-sequence", changed("events", 1, position=1)),
    "a feed that misses an event": ("feed-differs", lambda story: replace(story, feeds={TEAM: ["event-1", "event-3"]})),
    "a feed out of order": (
        "feed-differs",
        lambda story: replace(story, feeds={TEAM: ["event-2", "event-1", "event-3"]}),
    ),
    "an event never delivered": ("not-delivered", without("heard", lambda one: one.id == "event-2")),
    "a webhook that is badly signed": ("badly-signed", changed("heard", 0, signed=False)),
    "a webhook with another number": ("delivered-wrong", changed("heard", 0, sequence=2)),
    "a webhook of nothing": ("delivered-wrong", with_more("heard", replace(heard(1), id="event-9"))),
    "an attempt that differs": ("delivered-wrong", changed("heard", 2, digest="another")),
}


OF_VERSIONS: dict[str, tuple[str, Forger]] = {
    "two evaluations count under a version": ("scored-twice", with_more("evaluations", under(3, 1, nth=2))),
    "a scored file is evaluated again, and fails": (
        "scored-twice",
        with_more("evaluations", under(2, 1, "failed", nth=3)),
    ),
    "an older version after a newer": (
        "older-version",
        changed("evaluations", 0, created_at=NOON + timedelta(hours=1)),
    ),
    "a submission is left behind by a version": ("left-behind", without("evaluations", lambda one: one == under(3, 1))),
    "nothing is evaluated under the newest version": (
        "left-behind",
        lambda story: replace(story, newest={REVISED: 4}),
    ),
    "a submission that was never to be evaluated": (
        "never-evaluated",
        without("evaluations", lambda one: one.submission == "submission-1"),
    ),
    "it fails though the truth was there": ("failed", lambda story: replace(story, lost=frozenset({3}))),
    "it fails in the challenge that stays": ("failed", changed("evaluations", 1, challenge=NAME)),
    "it fails under the newest version": ("wrong-outcome", changed("evaluations", 3, state="failed")),
    "another score under an older version": ("wrong-score", changed("evaluations", 0, metrics={"top_1_error": 0.5})),
    "another outcome under an older version": ("wrong-outcome", changed("evaluations", 0, state="rejected")),
    "a later outcome that was never told": ("event-missing", without("events", lambda event: event.position == 4)),
    "a place that came back when a new version failed": (
        "not-charged",
        with_more("postings", posting(1, "refunded", TEST, challenge=REVISED)),
    ),
    "a place that did not come back when the first evaluation failed": (
        "not-refunded",
        without("postings", lambda line: line.kind == "refunded"),
    ),
    "a place that is charged when what failed is scored": (
        "unbalanced",
        without("postings", lambda line: line.kind == "refunded"),
    ),
    "bytes that keep their place are sealed again": ("bytes-twice", changed("submissions", 2, digest="digest-1")),
    "bytes that keep their place are sealed again, and fail": (
        "bytes-twice",
        changed("submissions", 1, digest="digest-1", sealed_at=NOON + timedelta(seconds=1)),
    ),
    "bytes that keep their place are charged again": ("charged-twice", changed("submissions", 2, digest="digest-1")),
    "attempts that differ where the truth was there": (
        "reports-differ",
        changed("evaluations", 3, reports={1: "report-1", 2: "another"}),
    ),
    "more places of the revised challenge than there are": (
        "over-the-limit",
        with_more(
            "postings",
            *(
                posting(100 + number, kind, TEST, challenge=REVISED)
                for number in range(PLACES + 1)
                for kind in ("held", "spent")
            ),
        ),
    ),
}


def test_a_true_story_is_believed() -> None:
    assert check(true_story()) == []


def test_a_true_story_of_versions_is_believed() -> None:
    assert check(story_of_versions()) == []


def test_attempts_may_differ_where_the_truth_was_away() -> None:
    differing = changed("evaluations", 2, reports={1: "report-1", 2: "another"})
    assert check(differing(story_of_versions())) == []


def test_on_an_open_split_what_failed_under_a_new_version_may_come_again() -> None:
    story = story_of_versions()
    again = replace(story.submissions[2], digest="digest-1")
    rows = [replace(row, split=VALIDATION) for row in (*story.submissions[:2], again)]
    codes = {violation.code for violation in check(replace(story, submissions=rows))}
    assert not codes & {"bytes-twice", "charged-twice"}


def test_the_places_of_two_challenges_are_told_apart() -> None:
    late = replace(refused(429, "no-places-left", TEST), at=NOON.timestamp() + 1, challenge=REVISED)
    story = with_more("history", late)(all_at_once(PLACES)(true_story()))
    assert "refused-early" in {violation.code for violation in check(story)}


def test_what_no_listing_has_is_told_from_what_is_gone() -> None:
    for forge in (changed("evaluations", 0, unlisted=(1,)), changed("submissions", 1, is_listed=False)):
        assert {violation.code for violation in check(forge(true_story()))} == {"unlisted"}
    gone = changed("evaluations", 0, reports={})
    assert {violation.code for violation in check(gone(true_story()))} == {"missing"}


def test_as_many_places_as_there_are_may_be_taken_at_once() -> None:
    codes = {violation.code for violation in check(all_at_once(PLACES)(true_story()))}
    assert "over-the-limit" not in codes


def test_a_team_is_not_silent_while_it_is_heard_of() -> None:
    assert "silent" not in {violation.code for violation in check(busy(true_story()))}


@pytest.mark.parametrize(("places", "believed"), [(PLACES, True), (PLACES - 1, False)])
def test_a_refusal_is_believed_when_every_place_is_taken(places: int, believed: bool) -> None:
    # Half a minute later all these places are still in the window.
    late = replace(refused(429, "no-places-left", TEST), at=NOON.timestamp() + WINDOW_SECONDS / 2)
    story = with_more("history", late)(all_at_once(places)(true_story()))
    codes = {violation.code for violation in check(story)}
    assert "refused-wrongly" not in codes
    assert ("refused-early" not in codes) == believed


@pytest.mark.parametrize("name", OF_VERSIONS)
def test_a_forged_story_of_versions_is_caught_by_name(name: str) -> None:
    code, forge = OF_VERSIONS[name]
    assert code in {violation.code for violation in check(forge(story_of_versions()))}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_story_is_caught_by_name(name: str) -> None:
    code, forge = FORGED[name]
    assert code in {violation.code for violation in check(forge(true_story()))}
