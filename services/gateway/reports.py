"""Where the gateway finds reports in S3: under today's key, or under the one they were written to before."""

from uuid import UUID

from shared import keys
from shared.errors import Missing
from shared.storage import Storage


def report_of(storage: Storage, evaluation: UUID, attempt: int, limit_bytes: int) -> bytes:
    """The report of an attempt, byte for byte; raises `Missing` when there is none."""
    try:
        return storage.read(keys.REPORTS, keys.report_key(evaluation, attempt), limit_bytes)
    except Missing:
        return storage.read(keys.REPORTS, keys.earlier_report_key(evaluation, attempt), limit_bytes)


def has_report(storage: Storage, evaluation: UUID, attempt: int) -> bool:
    """Whether there is one."""
    return any(
        storage.exists(keys.REPORTS, key)
        for key in (keys.report_key(evaluation, attempt), keys.earlier_report_key(evaluation, attempt))
    )
