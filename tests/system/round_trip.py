"""What a participant writes around the client that openapi-python-client makes of the OpenAPI document.

A test generates that client, holds this against its types, and calls it on a stack. It imports nothing of ours.
"""

from io import BytesIO
from typing import TypeAlias, TypeVar
from uuid import UUID

import httpx
from holdout_client import AuthenticatedClient
from holdout_client.api.challenges import list_challenges
from holdout_client.api.events import list_events
from holdout_client.api.leaderboards import read_leaderboard
from holdout_client.api.submissions import list_submissions, read_report, read_submission, submit, watch_submission
from holdout_client.models import (
    AcceptedView,
    ChallengeView,
    ClassificationPredictions,
    EventPage,
    LeaderboardView,
    PredictionsForm,
    Problem,
    Report,
    SubmissionPage,
    SubmissionView,
)
from holdout_client.types import File

AnswerT = TypeVar("AnswerT")
Body: TypeAlias = "ClassificationPredictions | PredictionsForm | File"

PLACE = ("practice", "classification", "practice")


class Participant:
    """Somebody with a key. Each method is one call of the generated client."""

    def __init__(self, url: str, key: str) -> None:
        self.client = AuthenticatedClient(url, token=key, timeout=httpx.Timeout(60))

    def close(self) -> None:
        """Let the connections go."""
        self.client.get_httpx_client().close()

    def challenges(self) -> list[ChallengeView]:
        """Every edition."""
        return good(list_challenges.sync(client=self.client))

    def submit_inline(self, predictions: dict[str, list[int]]) -> AcceptedView:
        """As JSON."""
        return self._submit(ClassificationPredictions.from_dict({"predictions": predictions}))

    def submit_form(self, content: bytes) -> AcceptedView:
        """As the field of a form."""
        return self._submit(PredictionsForm(file=File(BytesIO(content), "predictions.txt", "text/plain")))

    def submit_file(self, content: bytes) -> AcceptedView:
        """As the body itself."""
        return self._submit(File(BytesIO(content)))

    def _submit(self, body: Body) -> AcceptedView:
        return good(submit.sync(*PLACE, client=self.client, body=body, method="round trip", publish=True))

    def refused(self, challenge: str, body: Body) -> Problem:
        """What is said of a challenge that there is not."""
        answer = submit.sync(challenge, *PLACE[1:], client=self.client, body=body)
        assert isinstance(answer, Problem)
        return answer

    def outcome(self, submission: UUID) -> SubmissionView:
        """The submission, once it is scored."""
        return good(read_submission.sync(submission, client=self.client, wait=30))

    def report(self, submission: UUID) -> Report:
        """What was found."""
        return good(read_report.sync(submission, client=self.client))

    def stages(self, submission: UUID) -> str:
        """The whole stream of an evaluation that has ended."""
        said: bytes = watch_submission.sync_detailed(submission, client=self.client).content
        return said.decode()

    def submissions(self) -> SubmissionPage:
        """The team's."""
        return good(list_submissions.sync(client=self.client, limit=100))

    def board(self) -> LeaderboardView:
        """The practice board."""
        answer = read_leaderboard.sync(*PLACE, client=self.client)
        assert isinstance(answer, LeaderboardView)
        return answer

    def events(self, after: int) -> EventPage:
        """The team's feed, as soon as there is something new in it."""
        return good(list_events.sync(client=self.client, after=after, wait=30))


def good(answer: AnswerT | Problem | None) -> AnswerT:
    """The answer; fails where it is none, or tells of a problem."""
    assert answer is not None
    assert not isinstance(answer, Problem), answer
    return answer
