"""Which form an `Accept` gets."""

import pytest

from services.gateway.results.forms import form_asked


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        ("application/json;q=0.5, TEXT/Markdown", "markdown"),
        ("text/csv;q=0, application/x-tex;q=0.1", "latex"),
        ("application/yaml", "model-index"),
        ("text/csv;q=nonsense", "json"),
        ("image/png", "json"),
        ("", "json"),
    ],
)
def test_the_form_that_is_liked_best(accept: str, form: str) -> None:
    assert form_asked(accept) == form
