"""What a team does over HTTP: check, submit, wait, look at its allowance."""

from typing import Any

import httpx

WAIT_SECONDS = 30


class Visitor:
    """One team with its key, at one split: its address and the pool that its places are counted in."""

    def __init__(self, url: str, key: str, split: str, pool: str) -> None:
        """`split` is the address below `url`: `/v1/challenges/…/tasks/…/splits/…`."""
        self.key = key
        self.split = split
        self.pool = pool
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def submit(self, predictions: bytes, method: str, publish: bool = False) -> httpx.Response:
        """Send a file; the raw answer."""
        return self._http.post(
            f"{self.split}/submissions",
            content=predictions,
            params={"method": method, "publish": str(publish).lower()},
            headers={"Content-Type": "text/plain"},
        )

    def check(self, predictions: bytes) -> httpx.Response:
        """Have a file checked without submitting it; the raw answer."""
        return self._http.post(f"{self.split}/validate", content=predictions, headers={"Content-Type": "text/plain"})

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
        """The team's places here."""
        pools = self._http.get("/v1/allowance").raise_for_status().json()["pools"]
        return next(standing for standing in pools if standing["pool"] == self.pool)

    def board(self) -> list[dict[str, Any]]:
        """The entries of this split."""
        entries: list[dict[str, Any]] = self._http.get(f"{self.split}/leaderboard").raise_for_status().json()["entries"]
        return entries
