"""How each part is judged: green, and red for each thing that it needs."""

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.api.metrics import HELP, exposition
from services.gateway.status.state import (
    LATE,
    Figures,
    Span,
    Status,
    scoring_part,
    submissions_part,
    webhooks_part,
)
from services.gateway.store.figures import Durations, Owed, Waiting
from services.gateway.store.fleet import FRESH, Fleet
from services.gateway.tables import RehearsalRow
from shared.messages import Alive

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SCORER = Alive(name="scorer-1", lane="evaluations", slots=2, running=1, version="0.2.0")
CHECKER = SCORER.model_copy(update={"lane": "checks", "slots": 1})
FLEET = Fleet(NOW, True, (CHECKER, SCORER))


def figures(fleet: Fleet | None = FLEET, *owed: Owed) -> Figures:
    span = Span(NOW, Durations(3, 1.5, 2.5), {"scored": 2, "rejected": 1, "failed": 1}, {"never-finished": 1})
    rehearsal = RehearsalRow(at=NOW, seconds=1.0, submissions=5, rpo_seconds=2.0, identical=True)
    return Figures(span, span, Waiting(2, NOW - timedelta(seconds=9), 1, NOW), owed, 4, fleet, rehearsal)


@pytest.mark.parametrize("missing", range(3))
def test_submissions_need_database_ledger_and_storage(missing: int) -> None:
    assert submissions_part(True, True, True).condition == "working"
    part = submissions_part(*(place != missing for place in range(3)))
    assert part.condition == "trouble"
    assert ("database", "ledger", "storage")[missing] in part.sentence


def test_scoring_needs_a_courier_a_queue_and_a_scorer() -> None:
    assert scoring_part(figures(), NOW).sentence == "1 scorer alive, 2 evaluations at once"
    late = NOW + FRESH + timedelta(seconds=1)
    cases = {
        "no courier": (figures(), late),
        "the queue does not answer": (figures(Fleet(NOW, False, ())), NOW),
        "no scorer": (figures(Fleet(NOW, True, (CHECKER,))), NOW),
        "no courier is": (figures(None), NOW),
    }
    for sentence, (found, now) in cases.items():
        part = scoring_part(found, now)
        assert (part.condition, sentence in part.sentence) == ("trouble", True), sentence
    assert scoring_part(None, NOW).condition == "unknown"


def test_webhooks_are_in_trouble_when_late_or_when_no_courier_works() -> None:
    due = Owed("deliver", 1, NOW - LATE)
    assert webhooks_part(figures(FLEET, due), NOW).condition == "working"
    late = webhooks_part(figures(FLEET, Owed("deliver", 1, NOW - timedelta(minutes=5))), NOW)
    assert (late.condition, late.sentence) == ("trouble", "deliveries are late by 5 min")
    assert webhooks_part(figures(FLEET, Owed("settle", 1, NOW - timedelta(hours=5))), NOW).condition == "working"
    assert webhooks_part(figures(), NOW + 2 * FRESH).condition == "trouble"
    assert webhooks_part(None, NOW).condition == "unknown"


def test_metrics_are_lines_of_name_labels_and_value_each_named_once_with_its_meaning() -> None:
    found = figures(FLEET, Owed("deliver", 7, NOW - timedelta(seconds=3)))
    parts = (scoring_part(found, NOW), webhooks_part(None, NOW))
    text = exposition(Status(NOW, NOW, parts, found))
    for line in (
        'holdout_part_working{part="scoring"} 1',
        'holdout_part_working{part="webhooks"} 0',
        'holdout_score_seconds{span="today",quantile="0.5"} 1.5',
        'holdout_evaluations_finished{span="week",outcome="failed"} 1',
        "holdout_queue_age_seconds 9",
        'holdout_outbox_due{kind="deliver"} 7',
        'holdout_slots{lane="evaluations"} 2',
        f"holdout_up_since_seconds {NOW.timestamp():.0f}",
    ):
        assert f"{line}\n" in text
    helped = [line.split()[2].removeprefix("holdout_") for line in text.splitlines() if line.startswith("# HELP")]
    assert sorted(helped) == sorted(HELP), "each once, all of them"
    assert "holdout_slots" not in exposition(Status(NOW, NOW, parts, None))
