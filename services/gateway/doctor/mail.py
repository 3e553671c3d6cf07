"""Mail: whether the server that takes it answers. Until the gateway writes any, there is none to be looked at."""

from services.gateway.doctor.findings import Finding, skipped
from services.gateway.doctor.patient import Patient

NAME = "mail"


def check_mail(patient: Patient) -> list[Finding]:
    """Nothing to look at where no mail server is named."""
    host = patient.told.values.get("HOLDOUT_GATEWAY_MAIL_HOST", "")
    return [skipped(NAME, f"the mail server {host} is not looked at" if host else "no mail is configured")]
