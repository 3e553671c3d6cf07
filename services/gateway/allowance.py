"""Asks the quota service for places: reserve, settle, standing. Fails closed: no answer means no new submission.

It waits for the answer, so asynchronous code calls whatever asks it in the threads of `threads.LEDGER`.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode
from uuid import UUID

import httpx

from services.gateway.breaker import Breaker
from shared.challenge import Limits
from shared.errors import Conflict, HoldoutError, Missing, TooMany, Unavailable, Waiting
from shared.messages import Reservation, ReservationRequest, Settlement, Standing, Statement

TIMEOUT = httpx.Timeout(5.0, connect=1.0)
READY_SECONDS = 2.0


class Allowance:
    """A client of the quota service. Thread-safe; connections are reused."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )
        self._breaker = Breaker()

    def reserve(self, submission: UUID, team: UUID, limits: Limits, hold_seconds: int) -> Reservation:
        """Hold a place, or raise `TooMany` with the time of the next free one."""
        request = ReservationRequest(
            submission=submission,
            team=team,
            pool=limits.pool,
            places=limits.places,
            window_seconds=limits.window_seconds,
            hold_seconds=hold_seconds,
            forgiven_per_day=limits.forgiven_per_day,
        )
        return Reservation.model_validate_json(self._ask("POST", "/v1/reservations", request.model_dump_json()))

    def settle(self, submission: UUID, settlement: Settlement) -> Reservation:
        """Say what became of a held place. Saying it twice is saying it once."""
        answer = self._ask("POST", f"/v1/reservations/{submission}/settle", settlement.model_dump_json())
        return Reservation.model_validate_json(answer)

    def standing(self, team: UUID, limits: Limits) -> Standing:
        """What `team` has left in this pool."""
        return Standing.model_validate_json(self._ask("GET", "/v1/standing?" + urlencode(_terms(team, limits))))

    def statement(self, team: UUID, limits: Limits) -> Statement:
        """The same, with the places given back in the last 24 h, and how many rejected files are still forgiven."""
        query = _terms(team, limits)
        if limits.forgiven_per_day is not None:
            query["forgiven_per_day"] = limits.forgiven_per_day
        return Statement.model_validate_json(self._ask("GET", "/v1/statement?" + urlencode(query)))

    def is_ready(self) -> bool:
        """Whether the ledger says that it can be asked; whatever its silence was before."""
        try:
            return self._http.get("/readyz", timeout=READY_SECONDS).is_success
        except httpx.HTTPError:
            return False

    def time(self) -> datetime:
        """What the ledger's clock says, in whole seconds."""
        return parsedate_to_datetime(self._http.get("/healthz", timeout=READY_SECONDS).headers["Date"])

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"Content-Type": "application/json"} if body else {}
        if not self._breaker.may_call():
            raise _silent()
        try:
            answer = self._request(method, path, body, headers)
        except httpx.TimeoutException as error:
            self._breaker.timed_out()
            raise _silent() from error
        except httpx.HTTPError as error:
            raise _silent() from error
        self._breaker.answered()
        if answer.is_success:
            return answer.content
        raise self._refusal(answer)

    def _request(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> httpx.Response:
        """The answer, asked for once more when the connection ends under the question: a ledger that was killed has a
        successor. Asking twice is asking once: reservations and settlements go by the submission's id.
        """
        try:
            return self._http.request(method, path, content=body, headers=headers)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return self._http.request(method, path, content=body, headers=headers)

    def _refusal(self, answer: httpx.Response) -> HoldoutError:
        try:
            problem = answer.json()
            code, sentence = str(problem["code"]), str(problem["detail"])
        except (ValueError, KeyError):
            return Unavailable("quota-unavailable", f"the ledger of submissions answered {answer.status_code}")
        if answer.status_code == TooMany.status:
            return TooMany(code, sentence, str(problem.get("remedy", "")), _waiting(answer, problem))
        if answer.status_code == Conflict.status:
            return Conflict(code, sentence)
        if answer.status_code == Missing.status:
            return Missing(code, sentence)
        return Unavailable("quota-unavailable", f"the ledger of submissions answered {answer.status_code}: {sentence}")


def _silent() -> Unavailable:
    return Unavailable("quota-unavailable", "the ledger of submissions does not answer")


def _terms(team: UUID, limits: Limits) -> dict[str, object]:
    return {"team": team, "pool": limits.pool, "places": limits.places, "window_seconds": limits.window_seconds}


def _waiting(answer: httpx.Response, problem: dict[str, object]) -> Waiting:
    """The wait that the ledger states, passed on as it is."""
    policy = dict(part.split("=", 1) for part in answer.headers.get("RateLimit-Policy", "").split(";") if "=" in part)
    moment = problem.get("next_free_at")
    return Waiting(
        retry_after_seconds=int(answer.headers.get("Retry-After", "60")),
        next_free_at=datetime.fromisoformat(moment) if isinstance(moment, str) else None,
        places=int(policy["q"]) if "q" in policy else None,
        window_seconds=int(policy["w"]) if "w" in policy else None,
    )
