"""The forms in which results go out, and which of them an `Accept` asks for. Pure."""

from typing import Literal

Form = Literal["json", "csv", "latex", "markdown", "model-index", "eval-results"]
TableForm = Literal["csv", "latex", "markdown"]

MEDIA: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "latex": "text/x-latex",
    "markdown": "text/markdown",
    "model-index": "application/yaml",
    "eval-results": "application/yaml",
}
ENDING = {"json": "json", "csv": "csv", "latex": "tex", "markdown": "md", "model-index": "yaml", "eval-results": "yaml"}

_ASKED: dict[str, Form] = {
    "application/json": "json",
    "text/csv": "csv",
    "text/x-latex": "latex",
    "text/x-tex": "latex",
    "application/x-latex": "latex",
    "application/x-tex": "latex",
    "text/markdown": "markdown",
    "application/yaml": "model-index",
    "application/x-yaml": "model-index",
    "text/yaml": "model-index",
    "*/*": "json",
}


def form_asked(accept: str) -> Form:
    """The form that an `Accept` likes best; JSON where it names none of ours."""
    liked = [_liked(one) for one in accept.lower().split(",")]
    known = [(weight, _ASKED[media]) for media, weight in liked if media in _ASKED and weight > 0]
    return max(known, key=lambda one: one[0])[1] if known else "json"


def _liked(one: str) -> tuple[str, float]:
    """A media type of an `Accept`, and its weight from 0 to 1."""
    media, *parameters = (part.strip() for part in one.split(";"))
    weights = [part.removeprefix("q=") for part in parameters if part.startswith("q=")]
    try:
        return media, float(weights[0]) if weights else 1.0
    except ValueError:
        return media, 0.0
