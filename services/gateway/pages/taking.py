"""What an entry's page offers to take away: its badge with the lines that embed it, and its score in every form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from services.gateway.results.badges import score_badge
from services.gateway.results.papers import markdown
from services.gateway.results.result import Result

FORMS = {
    "JSON": "json",
    "CSV": "csv",
    "LaTeX": "latex",
    "Markdown": "markdown",
    "Hugging Face model card": "model-index",
}


@dataclass(frozen=True, slots=True)
class Taking:
    """The badge's address here, what it says, the lines for a README, and the addresses of exports by name."""

    badge: str
    text: str
    markdown: str
    html: str
    exports: Mapping[str, str]


def taking(result: Result, url: str) -> Taking:
    """All that for a published result; `url` is the server's public address."""
    path = f"/v1/submissions/{result.submission}"
    badge = score_badge(result, result.headline)
    text, picture = f"{badge.label} {badge.message}", f"{url.rstrip('/')}{path}/badge.svg"
    return Taking(
        badge=f"{path}/badge.svg",
        text=text,
        markdown=f"[![{markdown(text)}]({picture})]({result.url})",
        html=f'<a href="{escape(result.url)}"><img src="{escape(picture)}" alt="{escape(text)}"></a>',
        exports={name: f"{path}/export?format={form}" for name, form in FORMS.items()},
    )
