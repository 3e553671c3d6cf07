"""Checks of the ledger against the gateway's rows: each file is charged once, and nothing is held for ever.

A place is the first evaluation's: what comes of later ones, under new versions or after a failure, is for nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tests.faults.evidence import Evidence, Posting, Violation, keeps_place, makes_room
from tests.faults.venue import NAME, PLACES, REVISED, TEST, WINDOW_SECONDS, pool

LIMITED = (pool(NAME, TEST), pool(REVISED, TEST))
TAKEN = frozenset({"held", "spent"})
GIVEN_BACK = ({"held", "released"}, {"held", "spent", "refunded"})


def every_place_is_what_its_submission_came_to(evidence: Evidence) -> Iterator[Violation]:
    """Scored: spent. Rejected, failed, forgiven: refunded. Abandoned, or never known: given back, if ever taken."""
    lines: dict[str, set[str]] = defaultdict(set)
    for posting in evidence.postings:
        lines[posting.submission].add(posting.kind)
    rows = {row.id: row for row in evidence.submissions}
    judged = evidence.judged()
    for submission in rows.keys() | lines.keys():
        row, kinds = rows.get(submission), lines[submission]
        if row is not None and row.state == "sealed":
            found = judged.get(submission, [])
            if found and found[0].state in ("scored", "rejected", "failed"):
                yield from _judge(submission, kinds, keeps_place(row, found))
        elif kinds and kinds not in GIVEN_BACK:
            state = row.state if row else "unknown"
            code = "held-for-ever" if "spent" not in kinds else "charged-for-nothing"
            yield Violation(code, submission, f"it is {state}, and its place is {_said(kinds)}", submission)


def _judge(submission: str, kinds: set[str], keeps: bool) -> Iterator[Violation]:
    if keeps and kinds != TAKEN:
        yield Violation("not-charged", submission, f"it was scored, and its place is {_said(kinds)}", submission)
    if not keeps and kinds != {"held", "spent", "refunded"}:
        yield Violation("not-refunded", submission, f"its place came back, and is {_said(kinds)}", submission)


def the_ledger_balances(evidence: Evidence) -> Iterator[Violation]:
    """By team: places taken and not given back are as many as files that were scored and keep theirs."""
    taken: dict[str, int] = defaultdict(int)
    for posting in evidence.postings:
        taken[posting.team] += {"held": 1, "released": -1, "refunded": -1}.get(posting.kind, 0)
    judged = evidence.judged()
    owed: dict[str, int] = defaultdict(int)
    for row in evidence.submissions:
        owed[row.team] += row.state == "sealed" and keeps_place(row, judged.get(row.id, []))
    for team in taken.keys() | owed.keys():
        if taken[team] != owed[team]:
            sentence = f"{taken[team]} places are taken, {owed[team]} files were scored"
            yield Violation("unbalanced", team, sentence)


def nobody_is_charged_twice(evidence: Evidence) -> Iterator[Violation]:
    """Equal bytes of a team for a split hold one place at most, unless the first came back, or places are no object."""
    judged = evidence.judged()
    held = {posting.submission for posting in evidence.postings if posting.kind == "held"}
    held -= {posting.submission for posting in evidence.postings if posting.kind in ("released", "refunded")}
    by_bytes: dict[tuple[str, str, str, str, str], list[str]] = defaultdict(list)
    for row in evidence.submissions:
        may_come_anew = row.split != TEST and makes_room(row, judged.get(row.id, []))
        if row.id in held and row.digest is not None and not may_come_anew:
            by_bytes[row.team, row.challenge, row.task, row.split, row.digest].append(row.id)
    for ids in by_bytes.values():
        if len(ids) > 1:
            yield Violation("charged-twice", ids[0], f"the same bytes hold {len(ids)} places", ids[0])


def no_window_holds_more_than_there_are(evidence: Evidence) -> Iterator[Violation]:
    """In a limited pool no team ever has more places than there are, in any window."""
    returned = {posting.submission for posting in evidence.postings if posting.kind in ("released", "refunded")}
    by_team: dict[tuple[str, str], list[Posting]] = defaultdict(list)
    for posting in sorted(evidence.postings, key=lambda posting: posting.at):
        if posting.pool in LIMITED and posting.kind == "held" and posting.submission not in returned:
            by_team[posting.team, posting.pool].append(posting)
    window = timedelta(seconds=WINDOW_SECONDS)
    for (team, _), held in by_team.items():
        for first, last in zip(held, held[PLACES:], strict=False):
            if last.at - first.at < window:
                yield Violation("over-the-limit", team, f"{PLACES + 1} places within {last.at - first.at}")


def _said(kinds: set[str]) -> str:
    return ", ".join(sorted(kinds)) or "not in the ledger"


LEDGER = (
    every_place_is_what_its_submission_came_to,
    the_ledger_balances,
    nobody_is_charged_twice,
    no_window_holds_more_than_there_are,
)
