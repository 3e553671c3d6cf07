"""Work that may hang, given so many seconds: for probes of servers, whose own time limits are for longer work."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class _Run(Generic[T]):
    """One piece of work in a thread that the end of the process does not wait for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self._value: T
        self._error: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._error = error
        finally:
            self._done.set()

    def result(self, seconds: float) -> T:
        if not self._done.wait(seconds):
            raise TimeoutError(f"no answer within {seconds:g} s")
        if self._error is not None:
            raise self._error
        return self._value


def alone(work: Callable[[], T]) -> Callable[[], T]:
    """`work`, which is not begun again while it lasts: what hangs takes one thread, however often it is asked for."""
    lock = threading.Lock()

    def once() -> T:
        if not lock.acquire(blocking=False):
            raise TimeoutError("it was asked before, and has not answered yet")
        try:
            return work()
        finally:
            lock.release()

    return once


def together(seconds: float, works: Mapping[str, Callable[[], T]]) -> dict[str, T | Exception]:
    """What each of `works` returns, or the exception that it ends with; all side by side, each in so many seconds."""
    deadline = time.monotonic() + seconds
    runs = {name: _Run(work) for name, work in works.items()}
    found: dict[str, T | Exception] = {}
    for name, run in runs.items():
        try:
            found[name] = run.result(max(0.0, deadline - time.monotonic()))
        except Exception as error:  # noqa: BLE001 - that one of them breaks is an answer too
            found[name] = error
    return found
