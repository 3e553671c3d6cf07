"""The error tree. Everything Holdout raises on purpose is one of these.

    HoldoutError
    ├── Refused            theirs: say what is wrong, where, and how to mend it
    │   ├── Unauthenticated   401  who are you?
    │   ├── Forbidden         403  you may not
    │   ├── Missing           404  there is no such thing
    │   ├── Conflict          409  not in this state
    │   │   └── Busy              409  the same is being done right now: come back in a moment
    │   ├── HeadTooSlow       408  the head of a request did not come in time
    │   ├── TooLarge          413  over a stated limit
    │   ├── WrongMedia        415  not a format we read
    │   ├── Unreadable        422  the content is wrong: carries faults by line and column
    │   ├── TooMany           429  over the allowance: carries the time to come back
    │   └── HeadTooLarge      431  the head of a request is over its limits
    └── Broken             ours: retried, alarmed, never charged
        └── Unavailable       503  something we need is down: come back in a moment

`status` is the HTTP answer; `code` is the stable name that clients may act on (all are listed in docs/api.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

SHOWN_FAULTS = 20
"""How many faults of a file are told one by one; all are counted. Twenty fill a screen."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file. `line` and `column` count from 1, in lines and bytes; None where there is no place.

    `pointer` is its place in a JSON document (RFC 6901), None in other files.
    """

    code: str
    sentence: str
    remedy: str
    line: int | None = None
    column: int | None = None
    pointer: str | None = None


class HoldoutError(Exception):
    """Root of the tree: `code` for machines, `sentence` for people."""

    status: ClassVar[int] = 500
    remedy: str = ""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Refused(HoldoutError):
    """Their error: nothing is charged, and the answer says how to mend it."""

    status = 400

    def __init__(self, code: str, sentence: str, remedy: str = "") -> None:
        super().__init__(code, sentence)
        self.remedy = remedy


class Unauthenticated(Refused):
    """No key, or one that does not count."""

    status = 401


class Forbidden(Refused):
    """A good key without the right that this needs."""

    status = 403


class Missing(Refused):
    """No such thing, or none that this team may see."""

    status = 404


class Conflict(Refused):
    """The thing exists but is not in the state that this needs."""

    status = 409


class Busy(Conflict):
    """The same thing is being done right now; how it ends is known in a moment."""

    retry_after_seconds: ClassVar[int] = 2


class HeadTooSlow(Refused):
    """The head of a request did not come in time."""

    status = 408


class HeadTooLarge(Refused):
    """The head of a request has more lines or bytes than are read."""

    status = 431


class TooLarge(Refused):
    """More bytes than a stated limit."""

    status = 413


class WrongMedia(Refused):
    """A content type or encoding that no reader here understands."""

    status = 415


class Unreadable(Refused):
    """Content that cannot be taken: up to SHOWN_FAULTS faults by place, all of them counted."""

    status = 422

    def __init__(
        self, code: str, sentence: str, remedy: str = "", faults: tuple[Fault, ...] = (), fault_count: int = 0
    ) -> None:
        super().__init__(code, sentence, remedy)
        self.faults = faults[:SHOWN_FAULTS]
        self.fault_count = max(fault_count, len(faults))


@dataclass(frozen=True, slots=True)
class Waiting:
    """When to come back, and what the limit is; becomes Retry-After and the RateLimit fields."""

    retry_after_seconds: int
    next_free_at: datetime | None = None
    places: int | None = None
    window_seconds: int | None = None


class TooMany(Refused):
    """Over the allowance; `waiting` says until when."""

    status = 429

    def __init__(self, code: str, sentence: str, remedy: str, waiting: Waiting) -> None:
        super().__init__(code, sentence, remedy)
        self.waiting = waiting


class Broken(HoldoutError):
    """Our error: retried, alarmed, never charged to anybody."""

    status = 500


class Unavailable(Broken):
    """Something we stand on does not answer; the same request may go through in a moment."""

    status = 503
    usual_wait_seconds = 5

    def __init__(
        self, code: str, sentence: str, retry_after_seconds: int = usual_wait_seconds, remedy: str = ""
    ) -> None:
        super().__init__(code, sentence)
        self.retry_after_seconds = retry_after_seconds
        self.remedy = remedy
