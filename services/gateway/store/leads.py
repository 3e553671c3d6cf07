"""Who leads in which category among a board's entries, kept part by part: a part that is known is not worked out again.

10,000 entries × 200 categories are two million values; a new entry makes one part in `PARTS` unknown, some 160 entries.
The parts are kept in the database, so that each is worked out once, whichever gateway does it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.contests import Leads, joined, leads_of
from services.gateway.store.challenges import Venue
from services.gateway.tables import EvaluationRow, LeadRow

PARTS = 64


def leads(session: Session, venue: Venue, track: str | None, entries: Mapping[UUID, UUID]) -> Leads:
    """Who leads where among `entries` of `venue` and `track`: submission → the evaluation that counts for it.

    Outcomes are final, so the same evaluations have the same leads.
    """
    submissions = {evaluation: submission for submission, evaluation in entries.items()}
    parts = _parted(entries)
    digests = {number: _digest(part) for number, part in parts.items()}
    place = (venue.published.challenge.name, venue.task_name, venue.split_name, track or "")
    found = _known(session, place, digests, submissions)
    # In the order of their numbers: of two gateways that keep the same parts, neither waits for ever for the other.
    for number in sorted(parts.keys() - found.keys()):
        found[number] = _read(session, parts[number], submissions)
        _keep(session, place, number, digests[number], found[number], entries)
    return joined(found.values())


def _parted(entries: Mapping[UUID, UUID]) -> dict[int, list[UUID]]:
    """Evaluations by part; an entry stays in its part when it is evaluated anew."""
    parts: dict[int, list[UUID]] = defaultdict(list)
    for submission, evaluation in entries.items():
        parts[submission.int % PARTS].append(evaluation)
    return parts


def _digest(part: Sequence[UUID]) -> str:
    return sha256(b"".join(sorted(evaluation.bytes for evaluation in part))).hexdigest()


def _known(
    session: Session, place: tuple[str, ...], digests: Mapping[int, str], submissions: Mapping[UUID, UUID]
) -> dict[int, Leads]:
    here = (LeadRow.challenge, LeadRow.task, LeadRow.split, LeadRow.track)
    rows = session.execute(
        select(LeadRow.part, LeadRow.leads).where(
            *(column == name for column, name in zip(here, place, strict=True)),
            LeadRow.evaluations.in_(digests.values()),
        )
    )
    return {part: _from_row(content, submissions) for part, content in rows}


def _from_row(content: Mapping[str, Any], submissions: Mapping[UUID, UUID]) -> Leads:
    return {
        category: (value, None if evaluation is None else submissions[UUID(evaluation)])
        for category, (value, evaluation) in content.items()
    }


def _read(session: Session, part: Sequence[UUID], submissions: Mapping[UUID, UUID]) -> Leads:
    query = select(EvaluationRow.id, EvaluationRow.categories).where(EvaluationRow.id.in_(part))
    return joined(leads_of(submissions[evaluation], values or {}) for evaluation, values in session.execute(query))


def _keep(
    session: Session, place: tuple[str, ...], number: int, digest: str, leads: Leads, entries: Mapping[UUID, UUID]
) -> None:
    """In place of what was known of an earlier state of this part."""
    content = {
        category: (value, None if entry is None else entries[entry].hex) for category, (value, entry) in leads.items()
    }
    changes = {"evaluations": digest, "leads": content}
    here = dict(zip(("challenge", "task", "split", "track"), place, strict=True))
    row = insert(LeadRow).values(part=number, **here, **changes)
    session.execute(row.on_conflict_do_update(index_elements=(*here, "part"), set_=changes))
