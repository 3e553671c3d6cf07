"""Compares what clients were told with what there is. Pure: evidence in, violations out; see the lists of checks below."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from tests.faults.checking_answers import ANSWERS
from tests.faults.checking_ledger import LEDGER
from tests.faults.checking_telling import TELLING
from tests.faults.checking_versions import VERSIONS, may_fail
from tests.faults.evidence import Evaluation, Evidence, Submission, Violation, makes_room
from tests.faults.history import Asked
from tests.faults.venue import HEADLINES

Check = Callable[[Evidence], Iterator[Violation]]
ItemT = TypeVar("ItemT")
KeyT = TypeVar("KeyT")

FINAL = ("scored", "rejected", "failed")
ROUNDING = 1e-12


def check(evidence: Evidence) -> list[Violation]:
    """Every violation, check by check."""
    return [violation for one in CHECKS for violation in one(evidence)]


def nothing_accepted_is_lost(evidence: Evidence) -> Iterator[Violation]:
    """What was acknowledged is there, sealed, with its bytes, and has come to an outcome."""
    rows = {row.id: row for row in evidence.submissions}
    outcomes = {one.submission for one in evidence.evaluations if one.state in FINAL}
    for submission in {asked.submission for asked in evidence.history if asked.submission}:
        row = rows.get(submission)
        if row is None or row.state != "sealed":
            state = row.state if row else "gone"
            yield Violation("lost", submission, f"it was accepted, and is {state}", submission)
        elif submission not in outcomes:
            yield Violation("lost", submission, "it was accepted, and has no outcome", submission)


def bytes_are_kept(evidence: Evidence) -> Iterator[Violation]:
    """Every sealed submission has its object in S3, where a backup finds it: in a listing."""
    for row in evidence.submissions:
        if row.state == "sealed" and not row.has_object:
            yield Violation("bytes-lost", row.id, "its bytes are not in S3", row.id)
        elif row.state == "sealed" and not row.is_listed:
            yield Violation("unlisted", row.id, "its bytes can be read, and no listing has them", row.id)


def what_is_sealed_ends(evidence: Evidence) -> Iterator[Violation]:
    """Also what nobody was told of: every sealed submission has evaluations, which are over; nothing stays open."""
    judged = evidence.judged()
    for row in evidence.submissions:
        if row.state == "open":
            yield Violation(
                "open-for-ever", row.id, "its upload is over, and it is neither sealed nor abandoned", row.id
            )
        if row.state == "sealed" and row.id not in judged:
            yield Violation("never-evaluated", row.id, "it is sealed, and was never to be evaluated", row.id)
    for one in evidence.evaluations:
        if one.state not in FINAL:
            yield Violation("unfinished", one.id, f"the evaluation is {one.state} for ever", one.submission)


def scores_are_what_they_must_be(evidence: Evidence) -> Iterator[Violation]:
    """Each outcome and headline metric is the one that the file was made for, under every version; the last is no failure."""
    judged = evidence.judged()
    for asked in evidence.history:
        found = judged.get(asked.submission or "", [])
        for one in found:
            if one.state in FINAL and (one.state != "failed" or one is found[-1]):
                yield from _outcome_violations(asked, one)


def _outcome_violations(asked: Asked, found: Evaluation) -> Iterator[Violation]:
    if found.state != asked.outcome:
        yield Violation("wrong-outcome", found.submission, f"{found.state}, not {asked.outcome}", found.submission)
    elif asked.score is not None:
        value = found.metrics.get(HEADLINES[asked.task])
        if value is None or abs(value - asked.score) > ROUNDING:
            yield Violation("wrong-score", found.submission, f"{value}, not {asked.score}", found.submission)


def a_key_stands_for_one_deed(evidence: Evidence) -> Iterator[Violation]:
    """The same request again is the same submission, with the same answer byte for byte."""
    accepted = [asked for asked in evidence.history if asked.submission]
    for (team, key), answers in _grouped(accepted, lambda asked: (asked.team, asked.key)).items():
        submissions = {asked.submission for asked in answers}
        if len(submissions) > 1:
            yield Violation(
                "key-twice", key, f"{team} has {len(submissions)} submissions for it", answers[0].submission
            )
        elif len({asked.body for asked in answers}) > 1:
            yield Violation("answers-differ", key, f"{team} got different answers", answers[0].submission)


def the_same_bytes_are_one_submission(evidence: Evidence) -> Iterator[Violation]:
    """Of equal files of a team for a split, one is sealed; another only where that has failed, and has no place."""
    judged = evidence.judged()
    sealed = sorted((row for row in evidence.submissions if row.state == "sealed"), key=_sealed_at)

    def same(row: Submission) -> tuple[str, str, str, str, str | None]:
        return row.team, row.challenge, row.task, row.split, row.digest

    for rows in _grouped(sealed, same).values():
        # What becomes of the last does not matter: it should not be there.
        for row in rows[:-1]:
            if not makes_room(row, judged.get(row.id, [])):
                ids = ", ".join(row.id for row in rows)
                yield Violation("bytes-twice", row.id, f"the same bytes are sealed as {ids}", row.id)


def _sealed_at(row: Submission) -> datetime:
    return row.sealed_at or row.created_at


def reports_and_outcomes_agree(evidence: Evidence) -> Iterator[Violation]:
    """No outcome without its report, no report without an outcome, and all attempts say the same."""
    for one in evidence.evaluations:
        yield from _report_violations(one)
        if one.reports and one.state not in FINAL:
            yield Violation("no-outcome", one.id, "it has a report and no outcome", one.submission)
        # Where the truth was away, one attempt may have failed and the next not.
        if len(set(one.reports.values())) > 1 and not may_fail(evidence, one):
            yield Violation("reports-differ", one.id, "its attempts came to different results", one.submission)
    for key in evidence.stray_reports:
        yield Violation("no-outcome", key, "a report of no evaluation")


def _report_violations(one: Evaluation) -> Iterator[Violation]:
    """The report of an outcome is there by its key, is the right one, and is in a listing, which backups copy by."""
    if one.state in ("scored", "rejected"):
        if one.attempt not in one.reports:
            yield Violation("missing", one.id, "the report of its outcome is not in S3", one.submission)
        elif one.reports[one.attempt] != one.report_digest:
            yield Violation("other-report", one.id, "its outcome is not that of the report in S3", one.submission)
    if one.unlisted:
        yield Violation("unlisted", one.id, "a report of it can be read, and is in no listing", one.submission)


def _grouped(items: Sequence[ItemT], key: Callable[[ItemT], KeyT]) -> dict[KeyT, list[ItemT]]:
    groups: dict[KeyT, list[ItemT]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


CHECKS: tuple[Check, ...] = (
    nothing_accepted_is_lost,
    bytes_are_kept,
    what_is_sealed_ends,
    scores_are_what_they_must_be,
    a_key_stands_for_one_deed,
    the_same_bytes_are_one_submission,
    reports_and_outcomes_agree,
    *VERSIONS,
    *ANSWERS,
    *LEDGER,
    *TELLING,
)
