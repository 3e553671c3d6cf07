"""How a run is going, on stderr: a table that is drawn anew on a terminal, a line for each model elsewhere."""

import itertools
import os
import sys
import time
from typing import Protocol, TextIO

from services.gateway.client.terminal import note, plain
from services.gateway.client.words import clipped
from services.gateway.client.zoo.models import Zoo
from services.gateway.client.zoo.results import Results
from services.gateway.client.zoo.rows import claims_in, fitted, headings, number_in, row

UP_AND_CLEAR = "\x1b[{}F\x1b[J"
COLOURS = {"rejected": "31", "failed": "31", "refused": "31", "scored": "32", "running": "36", "uploading": "36"}


class Screen(Protocol):
    """What a run tells while it goes on."""

    def changed(self, position: int) -> None:
        """There is news of a model."""

    def told(self, line: str) -> None:
        """Something happened on the way."""

    def tick(self) -> None:
        """Time has passed."""

    def close(self) -> None:
        """The run is over."""


def is_terminal(stream: TextIO) -> bool:
    """Whether lines can be drawn over there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def size_of_terminal(stream: TextIO) -> os.terminal_size:
    """Columns and lines of the terminal that a stream goes to; of a usual one, where it says neither."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    columns, lines = size
    return os.terminal_size((columns or 80, lines or 24))


def coloured(line: str, state: str, stream: TextIO) -> str:
    """A line in the colour of a state, where there are colours and nobody minds them (https://no-color.org)."""
    code = COLOURS.get(state) if is_terminal(stream) and not os.environ.get("NO_COLOR") else None
    return f"\x1b[{code}m{line}\x1b[0m" if code else line


def screen_for(zoo: Zoo, headline: str, results: Results) -> Screen:
    """The one that fits where stderr goes."""
    return LiveTable(zoo, headline, results) if is_terminal(sys.stderr) else PlainLines(zoo, headline, results)


class PlainLines:
    """A line for each model once it is through."""

    TOLD_SECONDS = 5.0

    def __init__(self, zoo: Zoo, headline: str, results: Results) -> None:
        self._zoo, self._headline, self._results = zoo, headline, results
        self._through = {position for position in range(len(zoo.models)) if results.is_final(position)}
        self._told = 0.0
        note(results.summary())

    def changed(self, position: int) -> None:
        """Says how it ended, once."""
        if position in self._through or not self._results.is_final(position):
            return
        self._through.add(position)
        view, of = self._results.views[position], len(self._zoo.models)
        claims = claims_in(view).replace("-", "")
        value = f"{self._headline} {number_in(view, self._headline)}" if view.get("metrics") else ""
        words = [f"{len(self._through)}/{of}", view["state"], self._zoo.models[position].name, value, claims]
        note("  ".join(filter(None, words)))

    def told(self, line: str) -> None:
        """Says it, unless another thread has just said such a thing."""
        if time.monotonic() - self._told > self.TOLD_SECONDS:
            self._told = time.monotonic()
            note(line)

    def tick(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Says how all ended."""
        note(self._results.summary())


class LiveTable:
    """As many models as the terminal has lines, those under way before the others; drawn over itself."""

    DRAW_SECONDS = 0.1

    def __init__(self, zoo: Zoo, headline: str, results: Results) -> None:
        self._zoo, self._results = zoo, results
        self._columns = headings(zoo, headline)
        self._clock = itertools.count(1)
        self._changed = dict.fromkeys(range(len(zoo.models)), 0)
        self._line = ""
        self._height = 0
        self._started = time.monotonic()
        self._drawn = 0.0
        self.tick()

    def changed(self, position: int) -> None:
        """Draws it, if the last drawing is not too new; a tick follows in any case."""
        self._changed[position] = next(self._clock)
        self._line = ""
        if time.monotonic() - self._drawn >= self.DRAW_SECONDS:
            self.tick()

    def told(self, line: str) -> None:
        """Shows it until there is better news."""
        self._line = line
        self.tick()

    def tick(self) -> None:
        """Draw the table."""
        size = size_of_terminal(sys.stderr)
        width = max(size.columns - 1, 20)
        shown = self._shown(max(size.lines - 4, 1))
        views = self._results.views
        lines = fitted([self._columns, *(self._row(position) for position in shown)], width)
        states = ["", *(str(views[position].get("state")) for position in shown)]
        lines = [coloured(line, state, sys.stderr) for line, state in zip(lines, states, strict=True)]
        seconds = int(time.monotonic() - self._started)
        below = [f"{self._results.summary()}  {seconds // 60}:{seconds % 60:02}", *filter(None, [self._line])]
        self._draw([*lines, *(clipped(plain(line), width) for line in below)])

    def close(self) -> None:
        """Take it away."""
        self._draw([])

    def _row(self, position: int) -> list[str]:
        return row(self._columns, self._zoo.models[position].name, self._results.views[position])

    def _shown(self, most: int) -> list[int]:
        """What has changed last is shown; of models that have not, the first."""
        latest = sorted(self._changed, key=lambda position: (-self._changed[position], position))
        return sorted(latest[:most])

    def _draw(self, lines: list[str]) -> None:
        erase = UP_AND_CLEAR.format(self._height) if self._height else ""
        print(erase + "".join(f"{line}\n" for line in lines), end="", file=sys.stderr, flush=True)
        self._height = len(lines)
        self._drawn = time.monotonic()
