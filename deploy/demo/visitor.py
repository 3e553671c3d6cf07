"""What a team does over HTTP: submit, wait, look at its allowance."""

from typing import Any

import httpx

TEST_SPLIT = "/v1/challenges/ilsvrc2012/tasks/classification/splits/test"
POOL = "ilsvrc-classification-localization-2012"
WAIT_SECONDS = 30


class Visitor:
    """One team with its key."""

    def __init__(self, url: str, name: str, key: str) -> None:
        self.name = name
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)

    def submit(self, predictions: bytes, method: str, publish: bool = False) -> httpx.Response:
        """Send a file to the test split; the raw answer."""
        return self._http.post(
            f"{TEST_SPLIT}/submissions",
            content=predictions,
            params={"method": method, "publish": str(publish).lower()},
            headers={"Content-Type": "text/plain"},
        )

    def look(self, submission: str, wait_seconds: float = 0) -> dict[str, Any]:
        """The submission as it stands, or as soon as it has an outcome."""
        answer = self._http.get(f"/v1/submissions/{submission}", params={"wait": wait_seconds})
        content: dict[str, Any] = answer.raise_for_status().json()
        return content

    def outcome(self, submission: str) -> dict[str, Any]:
        """The submission with its outcome."""
        return self.look(submission, WAIT_SECONDS)

    def scored(self, predictions: bytes, method: str, publish: bool = True) -> dict[str, Any]:
        """Submit, and wait for the outcome."""
        answer = self.submit(predictions, method, publish).raise_for_status().json()
        return self.outcome(answer["submission"]["id"])

    def report(self, submission: str) -> dict[str, Any]:
        """What the evaluation found."""
        content: dict[str, Any] = self._http.get(f"/v1/submissions/{submission}/report").raise_for_status().json()
        return content

    def standing(self) -> dict[str, Any]:
        """The team's places on the test set."""
        pools = self._http.get("/v1/allowance").raise_for_status().json()["pools"]
        return next(standing for standing in pools if standing["pool"] == POOL)

    def board(self) -> list[dict[str, Any]]:
        """The entries of the test split."""
        entries: list[dict[str, Any]] = self._http.get(f"{TEST_SPLIT}/leaderboard").raise_for_status().json()["entries"]
        return entries
