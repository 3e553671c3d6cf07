"""Who leads in which category among a board's entries, read part by part: a part that is known is not read again.

10,000 entries × 200 categories are two million values; a new entry makes one part in `PARTS` unknown, some 160 entries.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import Lock
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.contests import Leads, joined, leads_of
from services.gateway.tables import EvaluationRow

PARTS = 64
KEPT_PARTS = 1024
"""Sixteen large boards: 200 categories a part are some 25 kB, so 25 MB in all."""

Part = frozenset[UUID]
"""The evaluations of a part. Their outcomes are final, so the same evaluations have the same leads."""

_known: dict[Part, Leads] = {}
_lock = Lock()


def leads(session: Session, entries: Mapping[UUID, UUID]) -> Leads:
    """Who leads where among `entries`: submission → the evaluation that counts for it."""
    submissions = {evaluation: submission for submission, evaluation in entries.items()}
    sorted_out: dict[int, list[UUID]] = defaultdict(list)
    for submission, evaluation in entries.items():
        sorted_out[submission.int % PARTS].append(evaluation)
    parts = [frozenset(part) for part in sorted_out.values()]
    with _lock:
        found = {part: _known[part] for part in parts if part in _known}
    for part in parts:
        if part not in found:
            found[part] = _read(session, part, submissions)
    _keep(found)
    return joined(found.values())


def _read(session: Session, part: Part, submissions: Mapping[UUID, UUID]) -> Leads:
    query = select(EvaluationRow.id, EvaluationRow.categories).where(EvaluationRow.id.in_(part))
    return joined(leads_of(submissions[evaluation], values or {}) for evaluation, values in session.execute(query))


def _keep(found: Mapping[Part, Leads]) -> None:
    """Remember these as the latest used, and forget the oldest."""
    with _lock:
        for part, content in found.items():
            _known.pop(part, None)
            _known[part] = content
        oldest: Sequence[Part] = list(_known)[: max(0, len(_known) - KEPT_PARTS)]
        for part in oldest:
            del _known[part]
