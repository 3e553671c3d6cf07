"""A split's board: its entries, ranked, with the ranges that their intervals leave open. Used by API and pages.

What a board's order needs of each entry is kept in this process, and only what has changed since is read again; what a
page shows of its entries is read with the page. Where categories won decide, there are two tables of the same entries:
by these, and by the headline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.contests import categories_won
from services.gateway.ranking import Candidate, Placing, Ranking
from services.gateway.store import boards
from services.gateway.store.boards import Mark, Shown, Standing
from services.gateway.store.challenges import Venue
from services.gateway.store.leads import leads
from services.gateway.store.submissions import Judged

KEPT_ENTRIES = 50_000
"""Of all boards together: some 700 bytes each, so 35 MB. A board that is larger by itself is kept alone."""

Order = Literal["winner", "headline"]
"""What a board is ordered by: what decides the contest, or the headline whatever decides."""

Track = Literal["provided", "external"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A placed entry: its headline with the ends of its interval, and what is shown of it.

    `won` counts categories, None where they are not counted: in other tasks, and for an entry outside the contest.
    """

    placing: Placing
    candidate: Candidate
    shown: Shown
    won: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """All entries of a split, or of one track, in rank order."""

    ranking: Ranking
    standings: Mapping[UUID, Standing]
    won: Mapping[UUID, int]
    positions: Mapping[UUID, int]

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.ranking.order)

    @property
    def ranked(self) -> int:
        """How many are in the contest."""
        return sum(one.participating for one in self.ranking.order)

    def entries(self, session: Session, start: int, count: int) -> list[Entry]:
        """`count` entries from position `start` on (0 is the first), or as many as there are."""
        chosen = self.ranking.order[start : start + count]
        shown = boards.shown(session, [self.standings[one.id].evaluation for one in chosen])
        return [Entry(self.ranking.placing(one), one, shown[one.id], self.won.get(one.id)) for one in chosen]

    def after(self, count: int, last: UUID) -> int:
        """The position after entry `last`, where it stands now; the one after `count` entries if it is not here."""
        return self.positions.get(last, count - 1) + 1

    def entry(self, session: Session, submission: UUID) -> tuple[Entry, Judged] | None:
        """One entry, with all that is known of it; None where it is not on the board."""
        position = self.positions.get(submission)
        return None if position is None else self.whole(session, position, 1)[0]

    def whole(self, session: Session, start: int, count: int) -> list[tuple[Entry, Judged]]:
        """As `entries`, each with all that is known of it."""
        entries = self.entries(session, start, count)
        judged = boards.judged(session, [self.standings[one.candidate.id].evaluation for one in entries])
        return [(one, judged[one.candidate.id]) for one in entries]


@dataclass(slots=True)
class _Roll:
    """A split's entries under one headline, as they were when they were last looked at, and the boards made of them."""

    lock: Lock = field(default_factory=Lock)
    mark: Mark | None = None
    standings: dict[UUID, Standing] = field(default_factory=dict)
    made: dict[tuple[Order, Track | None], Board] = field(default_factory=dict)


_Place = tuple[str, str, str, str]

_rolls: dict[_Place, _Roll] = {}
_lock = Lock()


def board(session: Session, venue: Venue, by: Order = "winner", track: Track | None = None) -> Board:
    """The entries of `venue` in rank order; equal ones by the headline, then in the order in which they were published.

    With a `track`, its entries alone: they are ranked, and categories are won, among those on the board.
    """
    roll = _roll_of(venue)
    with roll.lock:
        _renew(session, venue, roll)
        if (by, track) not in roll.made:
            roll.made[by, track] = _make(session, venue, roll, by, track)
        made = roll.made[by, track]
    _forget_oldest(roll)
    return made


def _roll_of(venue: Venue) -> _Roll:
    """The roll of `venue`, which is now the latest used."""
    place = (venue.published.challenge.name, venue.task_name, venue.split_name, venue.task.headline)
    with _lock:
        roll = _rolls.pop(place, None) or _Roll()
        _rolls[place] = roll
    return roll


def _renew(session: Session, venue: Venue, roll: _Roll) -> None:
    """Read what has changed since, if anything has."""
    mark = boards.mark(session, venue)
    if mark == roll.mark:
        return
    if mark is None or roll.mark is None or mark.changes < roll.mark.changes:
        roll.standings = {}
    since = roll.mark.changes if roll.mark and roll.standings else 0
    for submission, standing in boards.changed(session, venue, since).items():
        if standing is None:
            roll.standings.pop(submission, None)
        else:
            roll.standings[submission] = standing
    roll.standings = dict(sorted(roll.standings.items(), key=lambda item: (item[1].published_at, item[0])))
    roll.made = {}
    roll.mark = mark


def _make(session: Session, venue: Venue, roll: _Roll, by: Order, track: Track | None) -> Board:
    standings = {one: row for one, row in roll.standings.items() if track in (None, row.track)}
    counted = venue.task.winner == "categories_won"
    won = _won(session, venue, standings, track) if counted else {}
    candidates = [row.candidate for row in standings.values()]
    ranking = Ranking(candidates, venue.task.headline, won if counted and by == "winner" else None)
    return Board(ranking, standings, won, {one.id: position for position, one in enumerate(ranking.order)})


def _won(session: Session, venue: Venue, standings: Mapping[UUID, Standing], track: Track | None) -> dict[UUID, int]:
    """How many categories each entry of the contest has won, 0 included."""
    contest = {entry: row.evaluation for entry, row in standings.items() if row.candidate.participating}
    taken = categories_won(leads(session, venue, track, contest))
    return {entry: taken[entry] for entry in contest}


def _forget_oldest(used: _Roll) -> None:
    """Keep to `KEPT_ENTRIES`; the roll that was just used stays."""
    with _lock:
        kept: Sequence[_Place] = list(_rolls)
        surplus = sum(len(roll.standings) for roll in _rolls.values()) - KEPT_ENTRIES
        for place in kept:
            if surplus <= 0:
                break
            if _rolls[place] is not used:
                surplus -= len(_rolls.pop(place).standings)
