"""What there is to compare after a run: what clients were told, and what is in the database, S3, ledger and recorder."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.faults.history import Asked
from tests.faults.venue import NAME, TEST

EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Submission:
    """A row of the gateway's; `has_object`: its bytes are in S3, `is_listed`: and a listing has them."""

    id: str
    team: str
    task: str
    split: str
    state: str
    digest: str | None
    created_at: datetime
    sealed_at: datetime | None = None
    challenge: str = NAME
    forgiven: bool = False
    has_object: bool = True
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A row of the gateway's; `reports` are the digests of what its attempts left in S3, by attempt."""

    id: str
    submission: str
    state: str
    attempt: int
    report_digest: str | None
    metrics: dict[str, float]
    reports: dict[int, str] = field(default_factory=dict)
    version: int = 1
    created_at: datetime = EARLIEST
    challenge: str = NAME
    unlisted: tuple[int, ...] = ()
    """The attempts whose reports can be read by their keys, and are in no listing."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the database has it."""

    id: str
    team: str
    position: int | None
    submission: str
    evaluation: str
    sequence: int
    type: str


@dataclass(frozen=True, slots=True)
class Posting:
    """A line of the ledger."""

    submission: str
    team: str
    pool: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """A webhook that the recorder took; one event may come several times."""

    id: str
    team: str
    signed: bool
    type: str
    submission: str | None
    sequence: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a team's thread ended: whether it did, with which exception, and how many requests it had begun."""

    team: str
    ended: bool
    begun: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. `feeds` are the ids of each team's events as `GET /v1/events` gives them, in order."""

    history: Sequence[Asked] = ()
    submissions: Sequence[Submission] = ()
    evaluations: Sequence[Evaluation] = ()
    events: Sequence[Told] = ()
    postings: Sequence[Posting] = ()
    heard: Sequence[Heard] = ()
    feeds: dict[str, list[str]] = field(default_factory=dict)
    stray_reports: Sequence[str] = ()
    """Keys of reports that belong to no evaluation."""
    endings: Sequence[Ending] = ()
    newest: Mapping[str, int] = field(default_factory=dict)
    """The newest version of each challenge."""
    lost: frozenset[int] = frozenset()
    """The versions of the revised challenge whose truth was out of reach for a while."""

    def judged(self) -> dict[str, list[Evaluation]]:
        """The evaluations of each submission that has any, in order: its place is the first's, its outcome the last's."""
        found: dict[str, list[Evaluation]] = defaultdict(list)
        for one in sorted(self.evaluations, key=lambda one: one.created_at):
            found[one.submission].append(one)
        return dict(found)


def keeps_place(row: Submission, judged: Sequence[Evaluation]) -> bool:
    """Whether a submission with these evaluations, in order, has spent a place that was never returned."""
    return bool(judged) and judged[0].state == "scored" and not row.forgiven


def makes_room(row: Submission, judged: Sequence[Evaluation]) -> bool:
    """Whether its bytes may have come anew: we failed, and it kept no place, or places are no object."""
    failed = any(one.state == "failed" for one in judged)
    return failed and not (row.split == TEST and keeps_place(row, judged))


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: which, about what, how; `submission` where it is about one."""

    code: str
    subject: str
    sentence: str
    submission: str | None = None
