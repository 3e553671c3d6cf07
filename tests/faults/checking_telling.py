"""Checks of what teams were told: in the database, by the feed, and by webhooks; each outcome once and in order."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.evidence import Evidence, Told, Violation


def every_outcome_is_told_once(evidence: Evidence) -> Iterator[Violation]:
    """One event for each evaluation that is over, of its outcome; none for any other."""
    told: dict[str, list[Told]] = defaultdict(list)
    for event in evidence.events:
        told[event.evaluation].append(event)
    for one in evidence.evaluations:
        events = told.pop(one.id, [])
        if one.state not in ("scored", "rejected", "failed"):
            continue
        if not events:
            yield Violation("event-missing", one.id, "its outcome was never told", one.submission)
        elif len(events) > 1:
            yield Violation("told-twice", one.id, f"its outcome was told {len(events)} times", one.submission)
        elif events[0].type != f"evaluation.{one.state}":
            yield Violation("told-wrong", one.id, f"it is {one.state}, told was {events[0].type}", one.submission)
    for evaluation in told:
        yield Violation("told-wrong", evaluation, "told of an evaluation that is not there")


def events_count_without_gaps(evidence: Evidence) -> Iterator[Violation]:
    """`sequence` by submission and `position` by team run from 1."""
    sequences: dict[str, list[int]] = defaultdict(list)
    positions: dict[str, list[int]] = defaultdict(list)
    for event in evidence.events:
        sequences[event.submission].append(event.sequence)
        positions[event.team].append(event.position or 0)
    for submission, found in sequences.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield Violation("out-of-sequence", submission, f"its events count {sorted(found)}", submission)
    for team, found in positions.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield Violation("out-of-sequence", team, "the positions of its events have gaps or doubles")


def the_feed_has_every_event_in_order(evidence: Evidence) -> Iterator[Violation]:
    """What a team pulls is what the database has."""
    kept: dict[str, list[Told]] = defaultdict(list)
    for event in evidence.events:
        kept[event.team].append(event)
    for team, events in kept.items():
        wanted = [event.id for event in sorted(events, key=lambda event: event.position or 0)]
        if evidence.feeds.get(team, []) != wanted:
            missing = len(set(wanted) - set(evidence.feeds.get(team, [])))
            yield Violation("feed-differs", team, f"{missing} of {len(wanted)} events are missing, or in another order")


def every_event_is_delivered(evidence: Evidence) -> Iterator[Violation]:
    """The recorder took each event, with a good signature, the right number, and the same bytes at every attempt."""
    known = {event.id: event for event in evidence.events}
    heard = {one.id for one in evidence.heard if one.signed}
    for event in evidence.events:
        if event.id not in heard:
            yield Violation("not-delivered", event.id, "the receiver never had it", event.submission)
    bodies = Counter(one for one, _ in {(one.id, one.digest) for one in evidence.heard})
    for one in evidence.heard:
        found = known.get(one.id)
        if not one.signed:
            yield Violation("badly-signed", one.id, "its signature is wrong", one.submission)
        elif found is None or (found.team, found.sequence, found.type) != (one.team, one.sequence, one.type):
            yield Violation("delivered-wrong", one.id, "the receiver was told something else", one.submission)
        elif bodies[one.id] > 1:
            yield Violation("delivered-wrong", one.id, "its attempts differ", one.submission)


TELLING = (
    every_outcome_is_told_once,
    events_count_without_gaps,
    the_feed_has_every_event_in_order,
    every_event_is_delivered,
)
