"""docs/limits.md is true: its figures are the code's and the settings' defaults, and every code of a limit is there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from services.gateway import turnstile
from services.gateway.actions import endpoints, entries, uploads
from services.gateway.actions.keys import LIVE_KEYS
from services.gateway.api import leaderboards, throttle, upload_views, waiting
from services.gateway.api.events import MOST_EVENTS
from services.gateway.api.manifests import MANIFEST_BYTES, MANIFEST_SECONDS
from services.gateway.api.streams import HEARTBEAT_SECONDS
from services.gateway.deadlines import STALL_SECONDS
from services.gateway.forms import AROUND_BYTES
from services.gateway.manifests.reading import MOST_MODELS
from services.gateway.store import turns
from services.gateway.store.submissions import FORGIVEN_EVERY
from shared import heads
from shared.storage import PART_BYTES
from shared.web import BODY_BYTES
from tests.house.test_settings import variables
from tests.house.tree import ROOT, text

PAGE = text("docs/limits.md")
ROW = re.compile(r"^\| (?!limit \|)([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
"""Limit, figure, what is beyond it, what sets it."""

KIB, MIB = 2**10, 2**20
FIXED = {
    "files at chance level that are given back": f"1 in any {FORGIVEN_EVERY.days} days",
    "files of an entry": f"{entries.MOST_FILES} in all",
    "manifests on their way": f"{turnstile.MANIFESTS_PER_TEAM} at once",
    "manifests in forms with files on their way": f"{turnstile.FORMS_PER_TEAM} at once",
    "parts on their way": f"{turnstile.PER_TEAM} at once",
    "endpoints": f"{endpoints.MOST_ENDPOINTS}",
    "endpoints registered or changed": f"{60 / throttle.REFILL_SECONDS:.0f} a minute",
    "manifests of batches": f"{throttle.BURST} in a row, and one more every two seconds",
    "secrets of an endpoint that still sign": f"{endpoints.MOST_SECRETS}",
    "tests and deliveries made anew, of an endpoint": f"{endpoints.ASKED_PER_MINUTE} in any minute",
    "webhooks under way to an endpoint": f"{turns.MOST_PER_ENDPOINT} at once",
    "webhooks under way to a team": f"{turns.MOST_PER_TEAM} at once",
    "live keys of one holder and label": f"{LIVE_KEYS}",
    "requests with keys that do not count": f"{throttle.BURST}, and one more every two seconds",
    "manifests on their way, in a process": f"{turnstile.MANIFESTS_IN_ALL} at once",
    "manifests in forms with files on their way, in a process": f"{turnstile.FORMS_IN_ALL} at once",
    "parts on their way, in a process": f"{turnstile.IN_ALL} at once",
    "a JSON body, other than predictions": f"{BODY_BYTES // KIB} KiB",
    "a manifest of a batch": f"{MANIFEST_BYTES // MIB} MiB",
    "models in a manifest": f"{MOST_MODELS:,}",
    "what a form may have besides its file": f"{AROUND_BYTES // KIB} KiB",
    "the head": f"{heads.HEAD_BYTES // KIB} KiB",
    "lines of the head": f"{heads.HEAD_LINES}",
    "time for the head": f"{heads.HEAD_SECONDS:.0f} seconds",
    "parts of an upload": f"{uploads.PART_COUNT:,}",
    "a part": f"{PART_BYTES // MIB} MiB",
    "a part, but for the last, at least": f"{upload_views.LEAST_PART_BYTES:,} bytes",
    "time for a manifest": f"{MANIFEST_SECONDS} seconds",
    "silence within a part, or a form of a batch": f"{STALL_SECONDS} seconds",
    "`wait`": f"{waiting.WAIT_SECONDS} seconds",
    "entries in a page of a board": f"{leaderboards.MOST_ENTRIES:,}",
    "lines in a page of any other list": f"{MOST_EVENTS}",
}
CODE_ROW = re.compile(r"^\| `([a-z-]+)` \| (\d{3}) \|", re.MULTILINE)
BEYOND = re.compile(r"\b(\d{3}) `([a-z-]+)`")
OF_LIMITS = re.compile(r"too-(many|large|slow)\b|-(full|busy)$")
OUR_OWN = {"object-too-large"}
"""Said by one part of Holdout to another."""


def rows() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = ROW.findall(PAGE)
    return [row for row in found if row[0] != "---"]


def codes() -> dict[str, str]:
    return dict(CODE_ROW.findall(text("docs/api.md")))


def test_what_nobody_can_set_is_as_the_code_has_it() -> None:
    assert {name: figure for name, figure, _, setter in rows() if setter == "fixed"} == FIXED


@pytest.mark.parametrize("row", [row for row in rows() if "HOLDOUT_" in row[3]], ids=lambda row: row[3].strip("`"))
def test_what_a_setting_sets_is_its_default(row: tuple[str, ...]) -> None:
    _, figure, _, setter = row
    assert figure.split()[0] == f"{variables()[setter.strip('`')].default:,.0f}"


def test_the_usual_places_are_those_of_the_test_splits() -> None:
    figures = {name: figure for name, figure, _, _ in rows()}
    found = [limits for folder in sorted((ROOT / "deploy/challenges").glob("ilsvrc20*")) for limits in held_out(folder)]
    assert {(each["places"], each["window_seconds"], each["forgiven_per_day"]) for each in found} == {(2, 604_800, 20)}
    assert "2 in any 7 days" in figures["places on a split"]
    assert "20 in any 24 hours" in figures["rejected files on a split that are given back"]


def held_out(folder: Path) -> list[dict[str, Any]]:
    """The limits of an edition's test splits."""
    tasks = tomllib.loads((folder / "challenge.toml").read_text(encoding="utf-8"))["tasks"].values()
    return [split["limits"] for task in tasks for split in task["splits"].values() if split["held_out"]]


def test_every_code_that_speaks_of_a_limit_is_on_the_page_with_its_status() -> None:
    told = {code: status for _, _, beyond, _ in rows() for status, code in BEYOND.findall(beyond)}
    assert told.items() <= codes().items()
    assert {code for code in codes() if OF_LIMITS.search(code)} - OUR_OWN <= told.keys()


def test_the_heartbeat_is_told() -> None:
    assert f"a heartbeat every {HEARTBEAT_SECONDS:.0f} seconds" in PAGE
