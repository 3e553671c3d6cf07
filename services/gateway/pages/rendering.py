"""How a page is made of a template: the filters it may use, and what a browser may do with it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from services.gateway.api.views import LimitsView
from services.gateway.ranking import Candidate
from services.gateway.results.figures import Figure, figure
from services.gateway.results.result import is_share
from services.gateway.spans import spoken
from shared.challenge import WEEK_SECONDS, Task
from shared.digests import digest_of
from shared.report import Interval

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Our pages run no scripts and load nothing but their own style sheet and icon."""

TEMPLATES = Path(__file__).parent / "templates"
FORM = digest_of(b"".join(path.read_bytes() for path in sorted(TEMPLATES.iterdir())))
"""What pages look like: another form of a page is another page."""

_templates = Jinja2Templates(directory=TEMPLATES)


def page(request: Request, template: str, context: dict[str, Any], policy: str = POLICY) -> Response:
    """`template` filled with `context`, under the Content-Security-Policy `policy`."""
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
    return _templates.TemplateResponse(request, template, context, headers=headers)


def _figure(candidate: Candidate, task: Task) -> Figure:
    """An entry's headline in digits."""
    ends = Interval(low=candidate.low, high=candidate.high)
    return figure(candidate.value, ends, is_share(task, task.headline, candidate.value))


def html(template: str, context: dict[str, Any]) -> str:
    """`template` filled with `context`, for a file."""
    return str(_templates.get_template(template).render(context))


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _seconds(value: float | None) -> str:
    return "–" if value is None else spoken(timedelta(seconds=value))


def _allowance(limits: LimitsView) -> str:
    spans = {WEEK_SECONDS: "a week", 24 * 3600: "a day", 3600: "an hour"}
    return f"{limits.places} {spans.get(limits.window_seconds, f'in {limits.window_seconds:,} seconds')}"


def _spaced(name: str) -> str:
    """A metric's name as a heading, which may break between its words."""
    return name.replace("_", " ").capitalize()


_templates.env.filters |= {
    "allowance": _allowance,
    "figure": _figure,
    "moment": _moment,
    "seconds": _seconds,
    "spaced": _spaced,
}
