"""Runs every check, side by side and in bounded time; whatever goes wrong in one is a finding too."""

from collections.abc import Callable, Mapping

from services.gateway.bounded import together
from services.gateway.doctor.backlog import check_backlog, check_letters, check_losses
from services.gateway.doctor.backups import check_backup
from services.gateway.doctor.clocks import check_clocks
from services.gateway.doctor.connections import check_database, check_ledger, check_queue, check_scorers, check_storage
from services.gateway.doctor.disks import check_disks
from services.gateway.doctor.endpoints import check_endpoints
from services.gateway.doctor.findings import Check, Finding, skipped, trouble
from services.gateway.doctor.mail import check_mail
from services.gateway.doctor.migrations import check_migrations
from services.gateway.doctor.names import check_names
from services.gateway.doctor.patient import Patient, Untold
from services.gateway.doctor.ports import check_ports
from services.gateway.doctor.rights import check_rights
from services.gateway.doctor.settings import check_settings
from services.gateway.doctor.truths import check_truths
from services.gateway.doctor.versions import check_versions
from shared.errors import HoldoutError

LIMIT_SECONDS = 15.0
"""For all together, since they run side by side. A server that is silent for so long does not serve."""

CHECKS: Mapping[str, Check] = {
    "settings": check_settings,
    "ports": check_ports,
    "database": check_database,
    "ledger": check_ledger,
    "storage": check_storage,
    "queue": check_queue,
    "scorers": check_scorers,
    "versions": check_versions,
    "migrations": check_migrations,
    "clocks": check_clocks,
    "disks": check_disks,
    "rights": check_rights,
    "mail": check_mail,
    "backlog": check_backlog,
    "letters": check_letters,
    "losses": check_losses,
    "backup": check_backup,
    "endpoints": check_endpoints,
    "truths": check_truths,
    "names": check_names,
}


def examine(
    patient: Patient, checks: Mapping[str, Check] = CHECKS, limit_seconds: float = LIMIT_SECONDS
) -> list[Finding]:
    """Every finding, check by check in their order."""
    said = together(limit_seconds, {name: _bound(check, patient) for name, check in checks.items()})
    return [finding for name, answer in said.items() for finding in _findings(name, answer)]


def _bound(check: Check, patient: Patient) -> Callable[[], list[Finding]]:
    return lambda: check(patient)


def _findings(name: str, answer: list[Finding] | Exception) -> list[Finding]:
    """What a check said, or what became of it."""
    if isinstance(answer, Untold):
        return [skipped(name, str(answer))]
    if isinstance(answer, TimeoutError):
        return [trouble(name, str(answer), "look whether the server that this asks hangs, or a firewall drops packets")]
    if isinstance(answer, HoldoutError):
        return [trouble(name, answer.sentence, "see what the checks of the connections say")]
    if isinstance(answer, Exception):
        return [trouble(name, f"the check itself broke: {type(answer).__name__}: {answer}", "report this as a mistake")]
    return answer
