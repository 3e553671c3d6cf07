"""What clients were told, line by line: every request that was answered for good, for the checker and for people."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.venue import NAME


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with its final answer.

    `digest` is of the file; `outcome` and `score` are what it must come to. `status` is None when the client gave up
    without an answer; `submission` is there when it was accepted, `body` is the answer's digest then, `code` a refusal's.
    """

    at: float
    team: str
    key: str
    task: str
    split: str
    form: str
    digest: str
    outcome: str
    score: float | None
    status: int | None
    submission: str | None = None
    reused: bool = False
    replayed: bool = False
    body: str = ""
    code: str = ""
    tries: int = 1
    challenge: str = NAME


class History:
    """Writes requests to a file as they end; any thread may."""

    def __init__(self, path: Path) -> None:
        self.accepted = 0
        self.refused = 0
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, asked: Asked) -> None:
        """Write one down."""
        with self._lock:
            self.accepted += asked.submission is not None
            self.refused += asked.submission is None
            self._file.write(json.dumps(asdict(asked)) + "\n")
            self._file.flush()

    def close(self) -> None:
        """No more."""
        self._file.close()


def read_history(path: Path) -> list[Asked]:
    """All that was written."""
    return [Asked(**line) for line in read_lines(path)]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file with one a line."""
    with closing(path.open(encoding="utf-8")) as file:
        for line in file:
            yield json.loads(line)
