"""Tells the story on the terminal. Every ✓ is a check: one that fails ends the demo with exit status 1."""

import time
from typing import NoReturn


class Failed(Exception):
    """A claim of the demo did not hold."""


class Teller:
    """Counts the steps and the time."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._step = 0

    def step(self, title: str) -> None:
        """Begin the next part."""
        self._step += 1
        print(f"\n{self._step}  {title}", flush=True)

    def say(self, line: str = "") -> None:
        """A line of the story."""
        print(f"   {line}", flush=True)

    def check(self, holds: bool, claim: str) -> None:
        """A claim with its ✓; raises `Failed` when it does not hold."""
        if not holds:
            self.fail(claim)
        print(f"   ✓ {claim}", flush=True)

    def fail(self, claim: str) -> NoReturn:
        """Say what did not hold, and stop."""
        print(f"   ✗ {claim}", flush=True)
        raise Failed(claim)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began
