"""Mail: whether the server that takes it lets us in. Nothing is sent."""

from typing import cast

from services.gateway.doctor.findings import Finding, ok, skipped, trouble
from services.gateway.doctor.patient import Patient, Untold
from services.gateway.headers import address_of
from services.gateway.smtp import MailServer, Tls

NAME = "mail"


def check_mail(patient: Patient) -> list[Finding]:
    """Connect and log in, where a mail server is named."""
    told = patient.told
    host, port, tls = told.value("mail_host"), told.value("mail_port"), told.value("mail_tls")
    if not told.values.get("HOLDOUT_GATEWAY_MAIL_HOST"):
        return [skipped(NAME, "no mail is configured: nobody is written to")]
    sender = address_of(told.value("mail_sender") or "")
    if not host or not port or not tls or sender is None:
        raise Untold("HOLDOUT_GATEWAY_MAIL_HOST, …_PORT, …_TLS or …_SENDER")
    user, password = told.value("mail_user") or "", told.value("mail_password") or ""
    server = MailServer(host, int(port), cast(Tls, tls), sender, user, password)
    if wrong := server.trouble():
        return [trouble(NAME, wrong, "mend HOLDOUT_GATEWAY_MAIL_…, or the mail server")]
    return [ok(NAME, f"{server}; it lets us in")]
