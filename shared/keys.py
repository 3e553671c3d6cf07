"""Where every object lives in S3: four buckets, and keys that never contain a name that a client chose."""

import re
from uuid import UUID

SUBMISSIONS = "submissions"
"""Sealed files, and below `checks/` the files of dry runs. Written by the gateway, read by the scorer."""

GROUND_TRUTH = "ground-truth"
"""Truths and definitions, by digest. Written by the operator's `publish`, read by the scorer, closed to the gateway."""

REPORTS = "reports"
"""What an attempt found. Written by the scorer, read by the gateway."""

BUCKETS = (SUBMISSIONS, GROUND_TRUTH, REPORTS)


_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OURS = re.compile(rf"(?P<check>checks/)?{_UUID}/(?P<id>{_UUID})(?P<part>(?(check)(?!))\.parts/\d+-[0-9a-f]{{64}})?")


def submission_key(team: UUID, submission: UUID) -> str:
    """The sealed bytes of one submission."""
    return f"{team}/{submission}"


def parts_prefix(team: UUID, submission: UUID) -> str:
    """What the keys of an upload's parts begin with; beside the sealed bytes, not below them."""
    return f"{team}/{submission}.parts/"


def part_key(team: UUID, submission: UUID, number: int, digest: str) -> str:
    """One part of an upload, by its bytes: two that differ never overwrite one another."""
    return f"{parts_prefix(team, submission)}{number}-{digest}"


def check_key(team: UUID, check: UUID) -> str:
    """The bytes of one dry run, there for as long as it lasts."""
    return f"checks/{team}/{check}"


def named_by(key: str) -> tuple[str, UUID] | None:
    """What names the object under `key` of `submissions`: ("submission" | "parts" | "check", its id); None: none of ours.

    The inverse of `submission_key`, `part_key` and `check_key`.
    """
    place = _OURS.fullmatch(key)
    if place is None:
        return None
    return "check" if place["check"] else "parts" if place["part"] else "submission", UUID(place["id"])


def trial_key(trial: UUID) -> str:
    """A few bytes that only try whether the storage takes any."""
    return f"checks/trials/{trial}"


def report_key(evaluation: UUID, attempt: int) -> str:
    """The report of one attempt; attempts never overwrite one another. No slash: see decision 19."""
    return f"{evaluation}.{attempt}.json"


def earlier_report_key(evaluation: UUID, attempt: int) -> str:
    """Where reports were written before; those that were are there still."""
    return f"{evaluation}/{attempt}.json"


def folder_key(submission_key: str) -> str:
    """An empty object beside a submission, there for a moment to have its folder made."""
    return f"{submission_key.rpartition('/')[0]}/.folder"


def truth_key(digest: str) -> str:
    """The held-out truth of a split."""
    return f"truths/{digest}"


def definition_key(digest: str) -> str:
    """A published definition, as canonical JSON."""
    return f"definitions/{digest}.json"
