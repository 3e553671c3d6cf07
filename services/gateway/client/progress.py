"""How much of a file is sent, shown while it goes."""

import sys
import time

from services.gateway.client.terminal import note, plain


class Progress:
    """How much of a file is sent: a bar on a terminal, a plain line every few seconds elsewhere. On stderr."""

    WIDTH = 30
    LINE_SECONDS = 5.0
    BAR_SECONDS = 0.1

    def __init__(self, name: str, size_bytes: int) -> None:
        self._name = name
        self._size_bytes = size_bytes
        self._sent_bytes = 0
        self._terminal = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()

    def show(self, sent_bytes: int) -> None:
        """So much is sent: say so, if it is time to."""
        self._sent_bytes = sent_bytes
        now = time.monotonic()
        if now - self._shown < (self.BAR_SECONDS if self._terminal else self.LINE_SECONDS):
            return
        self._shown = now
        if self._terminal:
            self._draw()
        else:
            note(f"sending {self._name}: {self._sent_bytes:,} of {self._size_bytes:,} bytes")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        """Say how far it went, in full lines."""
        if self._terminal:
            self._draw()
            print(file=sys.stderr)
        elif self._sent_bytes == self._size_bytes:
            note(f"sent {self._name}: {self._size_bytes:,} bytes in {time.monotonic() - self._started:.1f} s")

    def _draw(self) -> None:
        share = self._sent_bytes / self._size_bytes if self._size_bytes else 1.0
        bar = ("#" * int(share * self.WIDTH)).ljust(self.WIDTH, "-")
        line = f"\r{plain(self._name)} [{bar}] {share:4.0%} of {self._size_bytes:,} bytes"
        print(line, end="", file=sys.stderr, flush=True)


class Unseen(Progress):
    """Shows nothing, where others say how things go."""

    def show(self, sent_bytes: int) -> None:
        """Nothing."""

    def __exit__(self, *error: object) -> None:
        """Nothing."""
