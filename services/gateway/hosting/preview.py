"""What a challenge's pages will look like, as files to open in a browser: rendered by the templates of the pages."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.gateway import pages
from services.gateway.api.views import challenge_view
from services.gateway.hosting.scorer import Truth
from services.gateway.leaderboard import Entry
from services.gateway.outlook import Picture
from services.gateway.pages.rendering import html
from services.gateway.pages.reports import details_of
from services.gateway.pages.views import task_context
from services.gateway.ranking import Candidate, Placing
from services.gateway.store.boards import LEVEL, Shown
from services.gateway.store.challenges import Published, Venue
from services.gateway.store.submissions import Judged
from services.gateway.tables import EvaluationRow, SubmissionRow, TeamRow
from shared.challenge import Challenge
from shared.digests import digest_of
from shared.report import CategoryLine, Curve

FOLDER = "preview"

STATIC = ("holdout.css", "holdout.svg")

Scored = Mapping[str, Any]
"""What `services.scorer` prints of a scored file, with the field names of a report."""

_NOBODY = UUID(int=0)


def write_previews(
    folder: Path, challenge: Challenge, scored: Sequence[tuple[Truth, Scored]], url: str, now: datetime
) -> list[Path]:
    """The pages of the challenge, of each task, and of a report for each truth that was scored; where they are."""
    truths = {(truth.task, truth.split): digest_of(truth.path.read_bytes()) for truth, _ in scored}
    published = Published(challenge, challenge.digest(), truths)
    files = {"challenge.html": html("edition.html", {"challenge": challenge_view(published)})}
    queue = Picture(now, (), {}, None)
    for task in challenge.tasks:
        files[f"{task}.html"] = html("task.html", task_context(published, task) | {"url": url, "queue": queue})
    for truth, found in scored:
        files[f"{truth.task}-{truth.split}-report.html"] = _report(published, truth, found, now)
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    for name in STATIC:
        (place / name).write_bytes((Path(pages.__file__).parent / "static" / name).read_bytes())
    for name, text in files.items():
        (place / name).write_text(_linked(text, challenge), encoding="utf-8")
    return [place / name for name in files]


def _linked(text: str, challenge: Challenge) -> str:
    """Links to pages become links to files; in the place of a board there is its report."""
    text = text.replace('href="/static/', 'href="')
    here = f'href="/challenges/{challenge.name}'
    for task, rules in challenge.tasks.items():
        for split in rules.splits:
            text = text.replace(f'{here}/{task}/{split}"', f'href="{task}-{split}-report.html"')
        text = text.replace(f'{here}/{task}"', f'href="{task}.html"')
    return text.replace(f'{here}"', 'href="challenge.html"')


def _report(published: Published, truth: Truth, found: Scored, now: datetime) -> str:
    """The page of an entry, as it would be of the file that was scored."""
    task = published.challenge.tasks[truth.task]
    venue = Venue(
        published, truth.task, truth.split, task, task.splits[truth.split], published.truths[truth.task, truth.split]
    )
    value = found["metrics"].get(task.headline, 0.0)
    ends = found["intervals"].get(task.headline, {}).get(LEVEL, {"low": value, "high": value})
    candidate = Candidate(_NOBODY, _NOBODY, value, ends["low"], ends["high"])
    shown = Shown(_NOBODY, None, "Nobody", "", "", "provided", True, now, found["metrics"])
    context = {
        "venue": venue,
        "entry": Entry(Placing(1, 1, 1), candidate, shown, None),
        "judged": _judged(published, truth, found, now),
        "details": details_of(
            tuple(CategoryLine.model_validate(line) for line in found["categories"]),
            tuple(Curve.model_validate_json(json.dumps(curve)) for curve in found["curves"]),
        ),
    }
    return html("entry.html", context)


def _judged(published: Published, truth: Truth, found: Scored, now: datetime) -> Judged:
    submission = SubmissionRow(
        challenge=published.challenge.name,
        task=truth.task,
        split=truth.split,
        method="The truth out of order (a preview)",
        description="What somebody scores who knows nothing of the images.",
        track="provided",
        published_at=now,
        digest="",
    )
    evaluation = EvaluationRow(
        metrics=found["metrics"],
        intervals=found["intervals"],
        notes=found["notes"],
        truth=published.truths[truth.task, truth.split],
        definition=published.digest,
        report_digest="",
    )
    return Judged(submission, evaluation, TeamRow(name="Nobody"))
