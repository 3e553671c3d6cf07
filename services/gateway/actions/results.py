"""A result on its way out: who may see it, and what makes it whole. Asked for by badges, exports, histories and pages."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.families import named
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.results.result import Place, Result
from services.gateway.store import audience, challenges
from services.gateway.store import results as store
from services.gateway.store.submissions import Judged
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.challenge import Challenge
from shared.errors import Conflict, Missing
from shared.report import Interval

Intervals = dict[str, dict[str, Interval]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A submission that may be seen, where it was sent to, and its result once it has one."""

    judged: Judged
    place: Place
    result: Result | None
    is_public: bool
    """Whether anybody may see it."""

    def scored(self) -> Result:
        """The result; raises `Conflict` while there is none."""
        if self.result is None:
            state = self.judged.progress
            raise Conflict("not-scored", f"there is no score: this submission is {state}", _remedy(state))
        return self.result


class Reading:
    """Makes results of rows."""

    def __init__(self, desk: Desk, session: Session) -> None:
        self._session = session
        self._url = desk.settings.public_url.rstrip("/")
        self._hidden = audience.hidden_from(session, None)

    def seen(self, judged: Judged) -> Seen:
        """A submission with its place, and its result where it has one."""
        row, evaluation = judged.submission, judged.evaluation
        place = Place(self._definition(row, evaluation), row.task, row.split)
        if evaluation is None or evaluation.state != "scored":
            return Seen(judged, place, None, self._is_public(row))
        return Seen(judged, place, _result(judged, evaluation, place, self._page(row)), self._is_public(row))

    def _is_public(self, row: SubmissionRow) -> bool:
        return row.published_at is not None and row.challenge not in self._hidden

    def _definition(self, row: SubmissionRow, evaluation: EvaluationRow | None) -> Challenge:
        """The version that it was judged by; before that, the newest."""
        if evaluation is None:
            return challenges.newest(self._session, row.challenge).challenge
        return challenges.definition_by(self._session, row.challenge, evaluation.version, evaluation.definition)

    def _page(self, row: SubmissionRow) -> str:
        if row.published_at is None:
            return ""
        return f"{self._url}/challenges/{row.challenge}/{row.task}/{row.split}/entries/{row.id}"


def see(desk: Desk, session: Session, team: UUID | None, submission: UUID) -> Seen:
    """A submission on a board, or one of the `team` that asks; raises `Missing` for others' as for none."""
    judged = store.standing(session, submission)
    if judged is None or not _is_seen(session, judged.submission, team):
        raise Missing(
            "no-such-submission",
            f"no submission {submission} is on a board, nor is it your team's",
            "one that is not published is seen with its team's key",
        )
    return Reading(desk, session).seen(judged)


def _is_seen(session: Session, row: SubmissionRow, team: UUID | None) -> bool:
    if row.team_id == team:
        return True
    return row.published_at is not None and row.challenge not in audience.hidden_from(session, team)


def intervals_of(evaluation: EvaluationRow) -> Intervals:
    """The intervals of an evaluation, by metric and level."""
    stored = evaluation.intervals or {}
    return {
        metric: {level: Interval.model_validate(ends) for level, ends in levels.items()}
        for metric, levels in stored.items()
    }


def _result(judged: Judged, evaluation: EvaluationRow, place: Place, url: str) -> Result:
    row = judged.submission
    return Result(
        submission=row.id,
        team=judged.team.name,
        method=row.method,
        named=named(row.method),
        description=row.description,
        track=row.track,
        labels=row.labels,
        place=place,
        metrics=evaluation.metrics or {},
        intervals=intervals_of(evaluation),
        scorer=evaluation.scorer_version or "",
        truth=evaluation.truth,
        definition=evaluation.definition,
        digest=row.digest or "",
        report=evaluation.report_digest or "",
        created_at=row.created_at,
        finished_at=evaluation.finished_at or evaluation.created_at,
        published_at=row.published_at,
        url=url,
    )


def _remedy(state: str) -> str:
    if state in FINAL_STATES:
        return "its report says why"
    return "ask for the submission with ?wait=30 first"
