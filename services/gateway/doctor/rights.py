"""S3 rights: the gateway's key may do what the table in docs/operations.md says, and gets 403 on everything else."""

from collections.abc import Callable
from uuid import uuid4

from services.gateway.doctor.findings import Finding, ok, trouble
from services.gateway.doctor.patient import Patient
from shared import keys
from shared.errors import Broken, Missing, Unavailable
from shared.storage import Storage

NAME = "rights"
KEY = ".doctor"


def check_rights(patient: Patient) -> list[Finding]:
    """Each right, asked for with an object of the doctor's own."""
    with patient.storage() as storage:
        key = f"{KEY}-{uuid4()}"
        needed: dict[str, Callable[[], object]] = {
            f"write to {keys.SUBMISSIONS}": lambda: storage.put(keys.SUBMISSIONS, key, b"doctor"),
            f"read {keys.SUBMISSIONS}": lambda: storage.read(keys.SUBMISSIONS, key, 100),
            f"list {keys.SUBMISSIONS}": lambda: storage.page(keys.SUBMISSIONS, "", 1),
            f"list unfinished uploads of {keys.SUBMISSIONS}": lambda: next(storage.unfinished(keys.SUBMISSIONS), None),
            f"delete in {keys.SUBMISSIONS}": lambda: storage.delete(keys.SUBMISSIONS, key),
            f"read {keys.REPORTS}": lambda: storage.exists(keys.REPORTS, key),
        }
        denied: dict[str, Callable[[], object]] = {
            f"read {keys.GROUND_TRUTH}": lambda: storage.exists(keys.GROUND_TRUTH, key),
            f"list {keys.GROUND_TRUTH}": lambda: storage.page(keys.GROUND_TRUTH, "", 1),
            f"write to {keys.GROUND_TRUTH}": lambda: _put(storage, keys.GROUND_TRUTH, key),
            f"write to {keys.REPORTS}": lambda: _put(storage, keys.REPORTS, key),
        }
        missing = [deed for deed, act in needed.items() if not _may(act)]
        too_many = [deed for deed, act in denied.items() if _may(act)]
    found = [trouble(NAME, f"the gateway's key may not {deed}", _MEND) for deed in missing]
    found += [trouble(NAME, f"the gateway's key may {deed}, and must not", _MEND) for deed in too_many]
    return found or [ok(NAME, f"the gateway's key has its {len(needed)} rights, and none of {len(denied)} others")]


_MEND = "give the identity `gateway` in S3 exactly the rights of the table Who may what in docs/operations.md"


def _put(storage: Storage, bucket: str, key: str) -> None:
    """Try what must not go; where it went, leave nothing behind."""
    storage.put(bucket, key, b"doctor")
    storage.delete(bucket, key)


def _may(act: Callable[[], object]) -> bool:
    try:
        act()
    except Missing:
        return True
    except Unavailable:
        raise
    except Broken:
        return False
    return True
