"""Teams' endpoints: which are disabled, and which fail now."""

from sqlalchemy import func, select

from services.gateway.doctor.findings import Finding, ok, warning
from services.gateway.doctor.patient import Patient
from services.gateway.tables import EndpointRow, OutboxRow, TeamRow

NAME = "endpoints"
FAILURES = 3
"""Failed so often in a row, a delivery has waited for 6 minutes: no hiccup any more."""

SHOWN = 5


def check_endpoints(patient: Patient) -> list[Finding]:
    """Told by team; an address may hold a secret."""
    failing = (
        select(TeamRow.name, func.count(), func.max(OutboxRow.last_error))
        .join(EndpointRow, EndpointRow.team_id == TeamRow.id)
        .join(OutboxRow, OutboxRow.endpoint_id == EndpointRow.id)
        .where(EndpointRow.disabled_at.is_(None), OutboxRow.given_up_at.is_(None), OutboxRow.attempts >= FAILURES)
        .group_by(TeamRow.name, EndpointRow.id)
        .order_by(func.count().desc())
    )
    with patient.database() as database, database.begin() as session:
        found = session.execute(failing.limit(SHOWN)).all()
        count = session.scalar(select(func.count()).select_from(EndpointRow)) or 0
        disabled = session.scalar(select(func.count()).where(EndpointRow.disabled_at.is_not(None))) or 0
    findings = [
        warning(
            NAME,
            f"an endpoint of {team} fails: {owed} deliveries wait ({' '.join((error or '').split())})",
            "tell the team; if many fail at once, look whether the courier reaches the Internet",
        )
        for team, owed, error in found
    ]
    return findings or [ok(NAME, f"{count} endpoints, {disabled} of them disabled; none fails")]
