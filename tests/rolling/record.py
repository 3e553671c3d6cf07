"""What a load has asked, what came of it, and which files were accepted: appended to by many threads, judged at the end."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `failure` is None when it was answered with 2xx, and the answer arrived whole."""

    at: float
    kind: str
    what: str
    seconds: float
    failure: str | None


@dataclass(slots=True)
class Record:
    """`accepted`: the wrong images of each accepted file, by the submission's id."""

    asked: list[Asked] = field(default_factory=list)
    accepted: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str, what: str, began: float, failure: str | None) -> None:
        """Add a request that began at `began`, in the seconds of `time.monotonic`."""
        self.asked.append(Asked(began, kind, what, time.monotonic() - began, failure))

    @property
    def failures(self) -> Sequence[Asked]:
        """What failed."""
        return [asked for asked in self.asked if asked.failure is not None]

    def between(self, begin: float, end: float) -> Sequence[Asked]:
        """What was asked, or still waited for its answer, in this time."""
        return [asked for asked in self.asked if asked.at < end and asked.at + asked.seconds > begin]
