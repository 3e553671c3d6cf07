"""Checks of what good clients were answered: nobody is left without an answer, refused wrongly, or silent for long."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tests.faults.client import ANSWER_SECONDS, PATIENCE_SECONDS
from tests.faults.evidence import Evidence, Violation
from tests.faults.history import Asked
from tests.faults.keeper import TEAM as KEEPER
from tests.faults.venue import PLACES, TEST, WINDOW_SECONDS, pool

NO_PLACES = (429, "no-places-left")
SILENCE_SECONDS = PATIENCE_SECONDS + 60
"""A team that says nothing for longer than any request may take, and the pause before it, is not alive."""


def every_request_is_answered(evidence: Evidence) -> Iterator[Violation]:
    """Each came to an answer for good within its client's patience: faults last for seconds, patience for minutes."""
    for asked in evidence.history:
        if asked.status is None:
            yield Violation("unanswered", asked.key, f"{asked.team} gave up after {asked.tries} tries")


def a_good_client_is_not_refused(evidence: Evidence) -> Iterator[Violation]:
    """All requests are good, also those with broken files: only a limited pool may refuse one."""
    for asked in evidence.history:
        if not _is_refused(asked) or _is_for_want_of_places(asked):
            continue
        sentence = f"{asked.team} was refused with {asked.status} {asked.code}"
        yield Violation("refused-wrongly", asked.key, sentence)


def places_are_refused_only_when_all_are_taken(evidence: Evidence) -> Iterator[Violation]:
    """Of a team that is told so, at least so many places were held in the window before: a few more may have come back."""
    held: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for posting in evidence.postings:
        if posting.kind == "held":
            held[posting.team, posting.pool].append(posting.at)
    # The answer may have been on its way for as long as the client waits for one.
    reach = timedelta(seconds=WINDOW_SECONDS + ANSWER_SECONDS)
    for asked in evidence.history:
        if _is_for_want_of_places(asked):
            at = datetime.fromtimestamp(asked.at, UTC)
            count = sum(at - reach <= one <= at for one in held[asked.team, pool(asked.challenge, TEST)])
            if count < PLACES:
                sentence = f"{asked.team} was refused a place when it had {count} of {PLACES}"
                yield Violation("refused-early", asked.key, sentence)


def no_team_falls_silent(evidence: Evidence) -> Iterator[Violation]:
    """From the first answer of anybody to the last, each team has one every few minutes."""
    answered: dict[str, list[float]] = {ending.team: [] for ending in evidence.endings}
    for asked in evidence.history:
        # These speak only when a truth is lost.
        if not asked.team.startswith(KEEPER):
            answered.setdefault(asked.team, []).append(asked.at)
    everybody = [at for times in answered.values() for at in times]
    for team, times in answered.items() if everybody else ():
        moments = sorted([min(everybody), *times, max(everybody)])
        longest = max(after - before for before, after in pairwise(moments))
        if longest > SILENCE_SECONDS:
            yield Violation("silent", team, f"it had no answer for {longest:.0f} s")


def every_sender_comes_to_its_end(evidence: Evidence) -> Iterator[Violation]:
    """A team's thread neither dies nor hangs, and what it began is written down."""
    written = Counter(asked.team for asked in evidence.history)
    for ending in evidence.endings:
        if ending.error:
            yield Violation("sender-died", ending.team, f"it ended with {ending.error}")
        elif not ending.ended:
            yield Violation("sender-hangs", ending.team, "it did not end when it was told to")
        elif ending.begun != written[ending.team]:
            sentence = f"it began {ending.begun} requests, and {written[ending.team]} came to something"
            yield Violation("unanswered", ending.team, sentence)


def _is_refused(asked: Asked) -> bool:
    return asked.status is not None and asked.submission is None


def _is_for_want_of_places(asked: Asked) -> bool:
    return asked.split == TEST and (asked.status, asked.code) == NO_PLACES


ANSWERS = (
    every_request_is_answered,
    a_good_client_is_not_refused,
    places_are_refused_only_when_all_are_taken,
    no_team_falls_silent,
    every_sender_comes_to_its_end,
)
