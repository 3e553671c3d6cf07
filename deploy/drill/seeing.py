"""What the world sees of a stack: boards, and for each team with its key its reports, its allowance and its events."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import httpx

from deploy.drill.crowd import SPLIT, Team
from shared.digests import digest_of

AT_ONCE = 4
EVENTS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """`reports`: submission → digest of the bytes; `allowances` and `events` by team; `board` with every entry."""

    board: list[dict[str, Any]]
    reports: dict[str, str]
    allowances: dict[str, Any]
    events: dict[str, list[dict[str, Any]]]

    def differs_in(self, other: "Seen") -> list[str]:
        """Names of what is not the same."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]


def look(url: str, teams: list[Team]) -> Seen:
    """All of it, over HTTP, as anybody could."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as http:
        board = _json(http, f"{SPLIT.format('before')}/leaderboard")["entries"]
        events = {team.name: list(_events(http, team)) for team in teams}
        return Seen(
            board=board,
            reports=_reports(http, teams, events),
            allowances={team.name: _allowance(http, team) for team in teams},
            events=events,
        )


def _json(http: httpx.Client, path: str, team: Team | None = None, **parameters: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {team.key}"} if team else {}
    content: dict[str, Any] = http.get(path, headers=headers, params=parameters).raise_for_status().json()
    return content


def _events(http: httpx.Client, team: Team) -> Iterator[dict[str, Any]]:
    after = 0
    while items := _json(http, "/v1/events", team, after=after, limit=EVENTS_A_PAGE)["items"]:
        yield from (item for item in items if item["data"].get("split") == "before")
        after = items[-1]["position"]


def _allowance(http: httpx.Client, team: Team) -> dict[str, Any]:
    pools = _json(http, "/v1/allowance", team)["pools"]
    pool: dict[str, Any] = next(pool for pool in pools if pool["pool"] == "before")
    # The moment of asking.
    del pool["now"]
    return pool


def _reports(http: httpx.Client, teams: list[Team], events: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Of every submission that an event says was scored."""

    def read(wanted: tuple[Team, str]) -> tuple[str, str]:
        team, submission = wanted
        answer = http.get(f"/v1/submissions/{submission}/report", headers={"Authorization": f"Bearer {team.key}"})
        return submission, digest_of(answer.raise_for_status().content)

    wanted = [
        (team, str(event["data"]["submission"]))
        for team in teams
        for event in events[team.name]
        if event["type"] == "evaluation.scored"
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(read, wanted))
