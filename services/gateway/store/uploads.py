"""Queries for uploads in parts. A part never changes once it is noted; of two who put parts together, one wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.store.submissions import Cursor
from services.gateway.store.teams import hold_team
from services.gateway.tables import PartRow, SubmissionRow, UploadRow


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload, the submission that it becomes, and how many of its parts are there."""

    upload: UploadRow
    submission: SubmissionRow
    received_parts: int

    @property
    def part_count(self) -> int:
        """How many parts it has in all."""
        return -(-self.upload.size_bytes // self.upload.part_bytes)

    @property
    def became(self) -> UUID | None:
        """The submission that it came to: its own, or the earlier one of the same bytes. None until it is complete."""
        return self.submission.id if self.submission.state == "sealed" else self.upload.earlier_id

    def size_of(self, number: int) -> int:
        """The bytes of part `number` (from 1): all are equal but the last."""
        return min(self.upload.part_bytes, self.upload.size_bytes - (number - 1) * self.upload.part_bytes)


_RECEIVED = select(func.count()).where(PartRow.upload_id == UploadRow.id).correlate(UploadRow).scalar_subquery()
_OPENED = select(UploadRow, SubmissionRow, _RECEIVED).join(SubmissionRow, SubmissionRow.id == UploadRow.id)


def find(session: Session, upload: UUID) -> Opened | None:
    """One upload."""
    row = session.execute(_OPENED.where(UploadRow.id == upload)).one_or_none()
    return Opened(*row) if row else None


def mine(session: Session, team: UUID, now: datetime, after: Cursor | None, limit: int) -> Sequence[Opened]:
    """A team's uploads whose time is not up, new to old, at most `limit`, those after `after`.

    They are open, or were completed meanwhile.
    """
    alive = (SubmissionRow.state != "abandoned") | UploadRow.earlier_id.is_not(None)
    query = _OPENED.where(SubmissionRow.team_id == team, UploadRow.expires_at > now, alive)
    if after is not None:
        query = query.where(tuple_(SubmissionRow.created_at, SubmissionRow.id) < (after.created_at, after.id))
    rows = session.execute(query.order_by(SubmissionRow.created_at.desc(), SubmissionRow.id.desc()).limit(limit))
    return [Opened(*row) for row in rows]


def open_ones(session: Session, team: UUID) -> Sequence[UUID]:
    """A team's open uploads, oldest first. Until this transaction ends, the team opens no other."""
    hold_team(session, team)
    query = select(UploadRow.id).join(SubmissionRow, SubmissionRow.id == UploadRow.id)
    return session.scalars(
        query.where(SubmissionRow.team_id == team, SubmissionRow.state == "open").order_by(SubmissionRow.created_at)
    ).all()


def parts(session: Session, upload: UUID) -> Sequence[PartRow]:
    """The parts that are there, by number."""
    return session.scalars(select(PartRow).where(PartRow.upload_id == upload).order_by(PartRow.number)).all()


def part(session: Session, upload: UUID, number: int) -> PartRow | None:
    """One part, if it is there."""
    return session.get(PartRow, (upload, number))


def add_part(session: Session, part: PartRow, now: datetime) -> PartRow | None:
    """Note a part unless there is one of its number; returns the one that counts, None when the upload has ended."""
    living = select(SubmissionRow.id).join(UploadRow, UploadRow.id == SubmissionRow.id)
    living = living.where(UploadRow.id == part.upload_id, SubmissionRow.state == "open", UploadRow.expires_at > now)
    # Shared: parts come in parallel; whoever ends the upload waits for them.
    if session.scalar(living.with_for_update(read=True, of=SubmissionRow)) is None:
        return None
    values = {name: getattr(part, name) for name in PartRow.__table__.columns.keys()}  # noqa: SIM118 - not a dict
    session.execute(insert(PartRow).values(values).on_conflict_do_nothing())
    return session.get(PartRow, (part.upload_id, part.number))


def begin_completing(
    session: Session, upload: UUID, owner: UUID, now: datetime, until: datetime, clear_at: datetime
) -> bool:
    """Let `owner` have the lease on putting the parts together; False while another has it, or when the upload has ended."""
    is_open = select(SubmissionRow.id).where(SubmissionRow.id == upload, SubmissionRow.state == "open")
    free = or_(UploadRow.completing_until.is_(None), UploadRow.completing_until < now)
    taken = (
        update(UploadRow)
        .where(UploadRow.id == upload, free, is_open.exists())
        .values(completing_until=until, completing_by=owner, clear_at=clear_at)
    )
    return session.execute(taken.returning(UploadRow.id)).first() is not None


def completing(session: Session, upload: UUID, owner: UUID, until: datetime | None) -> bool:
    """Renew that lease, or give it back (None); False when it is not `owner`'s any more."""
    mine = (UploadRow.id == upload, UploadRow.completing_by == owner)
    renewed = update(UploadRow).where(*mine).values(completing_until=until)
    return session.execute(renewed.returning(UploadRow.id)).first() is not None


def is_completing(session: Session, upload: UUID, owner: UUID) -> bool:
    """Whether that lease is `owner`'s still. If so, nobody takes it until this transaction ends."""
    mine = select(UploadRow.id).where(UploadRow.id == upload, UploadRow.completing_by == owner)
    return session.scalar(mine.with_for_update(key_share=True)) is not None


def point_to(session: Session, upload: UUID, earlier: UUID) -> None:
    """The submission that the upload would have become is an earlier one of the same bytes."""
    session.execute(update(UploadRow).where(UploadRow.id == upload).values(earlier_id=earlier))


def clear_later(session: Session, upload: UUID, clear_at: datetime) -> None:
    """Have a sweep look, then, for parts that the upload has left, if it has ended by then."""
    session.execute(update(UploadRow).where(UploadRow.id == upload).values(clear_at=clear_at))


def to_clear(session: Session, now: datetime, limit: int) -> Sequence[SubmissionRow]:
    """The submissions whose uploads have ended and whose parts are due to be looked for."""
    query = select(SubmissionRow).join(UploadRow, UploadRow.id == SubmissionRow.id)
    return session.scalars(
        query.where(UploadRow.clear_at < now, SubmissionRow.state != "open").order_by(UploadRow.clear_at).limit(limit)
    ).all()


def cleared(session: Session, upload: UUID) -> None:
    """Nothing of it is left in S3: forget its parts."""
    session.execute(delete(PartRow).where(PartRow.upload_id == upload))
    session.execute(update(UploadRow).where(UploadRow.id == upload).values(clear_at=None))
