"""What persons are written about an endpoint of their team. Pure: plain text, each foreign word on one line of its own."""

from dataclasses import dataclass
from datetime import datetime

from services.gateway.headers import one_line
from services.gateway.tables import EndpointRow


@dataclass(frozen=True, slots=True)
class Mail:
    """One plain text."""

    subject: str
    text: str


def failing(row: EndpointRow, error: str, disable_at: datetime, public_url: str) -> Mail:
    """A warning: every attempt has failed for long."""
    return Mail(
        f"Holdout: a webhook endpoint of your team fails: {one_line(row.url)}",
        f"""This webhook endpoint of your team does not take its events:

    {_named(row)}

{_history(row, error)}

If that goes on, nothing more is sent to it after {_moment(disable_at)}. What was tried is in its log:

    GET {public_url}/v1/endpoints/{row.id}/deliveries
""",
    )


def disabled(row: EndpointRow, error: str, reason: str, public_url: str) -> Mail:
    """Nothing is sent any more; how to go on."""
    here = f"{public_url}/v1/endpoints/{row.id}"
    return Mail(
        f"Holdout: a webhook endpoint of your team is disabled: {one_line(row.url)}",
        f"""Nothing more is sent to this webhook endpoint of your team, because {reason}:

    {_named(row)}

{_history(row, error)}

What it was owed is kept for 90 days. When the receiver is mended, enable it and ask for what it missed:

    POST {here}/enable
    POST {here}/redeliver-failed

What happens while it is disabled is not sent to it later; it is in the team's feed:

    GET {public_url}/v1/events
""",
    )


def _named(row: EndpointRow) -> str:
    return f"{one_line(row.url)}  ({one_line(row.description)})" if row.description.strip() else one_line(row.url)


def _history(row: EndpointRow, error: str) -> str:
    assert row.failing_since is not None, "it is written about because it fails"
    since = f"Since {_moment(row.failing_since)} every attempt failed, {row.failures} in all."
    return f"{since} What came of the last one:\n\n    {one_line(error)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
