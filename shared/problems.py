"""An error as a problem (RFC 9457) without its request: for an answer, which adds that, and for what is told later."""

from http import HTTPStatus
from typing import Any

from shared.errors import HoldoutError, TooMany, Unreadable
from shared.report import fault_line


def problem_content(error: HoldoutError) -> dict[str, Any]:
    """`error` as the members of a problem that do not depend on the request."""
    problem: dict[str, Any] = {
        "type": f"urn:holdout:problem:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.sentence,
        "code": error.code,
    }
    if error.remedy:
        problem["remedy"] = error.remedy
    if isinstance(error, Unreadable) and error.faults:
        problem["errors"] = [fault_line(fault).model_dump() for fault in error.faults]
        problem["error_count"] = error.fault_count
    if isinstance(error, TooMany) and error.waiting.next_free_at is not None:
        problem["next_free_at"] = error.waiting.next_free_at.isoformat().replace("+00:00", "Z")
    return problem
