"""The server's answers as this client reads them: content, clock, and what anything but 2xx means."""

import contextlib
import email.utils
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.gateway.client.endings import BROKEN, OVER, REFUSED, Ending, Json
from services.gateway.client.needed import httpx


def content_of(answer: httpx.Response) -> Any:
    """The JSON of a 2xx answer."""
    try:
        return answer.json()
    except ValueError:
        raise Ending(BROKEN, f"{answer.url} did not answer with JSON", "  is --server a Holdout server?") from None


def ending_of(answer: httpx.Response) -> Ending:
    """What an answer other than 2xx means: the problem's sentence, its faults, remedy and request id."""
    problem = problem_in(answer)
    status = answer.status_code
    code = OVER if status == 429 else BROKEN if status >= 500 else REFUSED
    lines = [f"{status} {answer.reason_phrase}: {problem.get('detail') or 'the server gave no reason'}"]
    lines += fault_lines(problem.get("errors") or [], problem.get("error_count") or 0)
    if answer.is_redirect:
        lines.append(f"  it points to {answer.headers.get('location')}: give that server as --server")
    if problem.get("remedy"):
        lines.append(f"  {problem['remedy']}")
    if problem.get("next_free_at"):
        lines.append(f"  next free place: {problem['next_free_at']}")
    request = problem.get("request_id") or answer.headers.get("x-request-id")
    support = problem.get("support")
    help_lines = [f"  request {request}" + (f"; for help: {support}" if support else "")] if request else []
    ending = Ending(code, *lines, *help_lines, problem=problem)
    ending.retry_after_seconds = retry_after(answer)
    return ending


def fault_lines(faults: Sequence[Json], count: int) -> list[str]:
    """Faults by line and column, each with its remedy, and how many more there are."""
    lines = []
    for fault in faults:
        place = ":".join(str(fault[key]) for key in ("line", "column") if fault.get(key) is not None)
        remedy = f" - {fault['remedy']}" if fault.get("remedy") else ""
        lines.append(f"  {place or 'file'}: {fault['sentence']}{remedy}")
    if count > len(faults):
        lines.append(f"  … and {count - len(faults):,} more")
    return lines


def problem_in(answer: httpx.Response) -> Json:
    """The problem+json of `answer`; what a proxy or a stranger answers becomes one too."""
    with contextlib.suppress(ValueError):
        problem = answer.json()
        if isinstance(problem, dict) and "detail" in problem:
            return problem
    said = f"{answer.url.host} answered without a reason; is --server a Holdout server?"
    return {"status": answer.status_code, "title": answer.reason_phrase, "detail": said}


def retry_after(answer: httpx.Response) -> float:
    """Retry-After in seconds (it may be a number or a date); 0 when there is none."""
    text = answer.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - server_time(answer)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def server_time(answer: httpx.Response) -> datetime:
    """The server's clock as of `answer`: ours may be wrong."""
    try:
        return email.utils.parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
