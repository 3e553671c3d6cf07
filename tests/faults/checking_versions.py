"""Checks of what new versions do: everything is evaluated under the newest, once, and fails only where a truth was lost."""

from collections.abc import Iterator
from itertools import groupby, pairwise

from tests.faults.evidence import Evaluation, Evidence, Violation
from tests.faults.venue import REVISED


def each_version_counts_once(evidence: Evidence) -> Iterator[Violation]:
    """Of a submission's evaluations under one version the last counts; those before it failed, and were made again."""
    for submission, judged in evidence.judged().items():
        for version, same in groupby(judged, key=lambda one: one.version):
            *earlier, _ = same
            if any(one.state != "failed" for one in earlier):
                sentence = (
                    f"it has {len(earlier) + 1} evaluations under version {version}, and not only the last counts"
                )
                yield Violation("scored-twice", submission, sentence, submission)


def versions_only_rise(evidence: Evidence) -> Iterator[Violation]:
    """Nothing is evaluated under a version when it was under a newer one before."""
    for submission, judged in evidence.judged().items():
        for before, after in pairwise(judged):
            if before.version > after.version:
                sentence = f"it is evaluated under version {after.version} after {before.version}"
                yield Violation("older-version", submission, sentence, submission)


def nothing_is_left_behind(evidence: Evidence) -> Iterator[Violation]:
    """At the end every sealed submission is judged by the newest version of its challenge."""
    judged = evidence.judged()
    for row in evidence.submissions:
        newest = evidence.newest.get(row.challenge, 1)
        if row.state == "sealed" and row.id in judged and judged[row.id][-1].version != newest:
            sentence = f"it is judged by version {judged[row.id][-1].version}, not by {newest}"
            yield Violation("left-behind", row.id, sentence, row.id)


def only_a_lost_truth_lets_evaluations_fail(evidence: Evidence) -> Iterator[Violation]:
    """Whatever else breaks, an evaluation waits for it."""
    for one in evidence.evaluations:
        if one.state == "failed" and not may_fail(evidence, one):
            yield Violation("failed", one.id, f"it failed under version {one.version}, which was whole", one.submission)


def may_fail(evidence: Evidence, evaluation: Evaluation) -> bool:
    """Whether its truth was out of reach for a while."""
    return evaluation.challenge == REVISED and evaluation.version in evidence.lost


VERSIONS = (
    each_version_counts_once,
    versions_only_rise,
    nothing_is_left_behind,
    only_a_lost_truth_lets_evaluations_fail,
)
