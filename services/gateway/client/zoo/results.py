"""What is known of each model of a zoo while it runs: the server's view of it, or why it never got there."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.gateway.client.endings import Ending, Json
from services.gateway.client.parts import PARTS_ABOVE_BYTES
from services.gateway.client.zoo.models import Zoo

FINAL = ("scored", "rejected", "failed", "refused")
UNKNOWN: Json = {"state": "unknown", "change": -1}


class Results:
    """A view for each model, in the zoo's order; the server counts only those that it was told of."""

    def __init__(self, zoo: Zoo, views: Sequence[Json]) -> None:
        self.views: list[Json] = [UNKNOWN for _ in zoo.models]
        self._zoo = zoo
        self._positions = [position for position, model in enumerate(zoo.models) if model.trouble is None]
        self._refused: set[int] = set()
        self.sent = 0
        for position, model in enumerate(zoo.models):
            if model.trouble is not None:
                self._refuse(position, model.trouble)
        for view in views:
            self.learn(view)

    @property
    def change(self) -> int:
        """The batch's last change that is known."""
        return max(int(view["change"]) for view in self.views)

    def wanted(self, now: datetime) -> list[int]:
        """The models whose files are to be sent, by the server's count."""
        return [index for index, position in enumerate(self._positions) if self._is_wanted(position, now)]

    def _is_wanted(self, position: int, now: datetime) -> bool:
        """Asked for; refused for a while that is over; or in the middle of parts, which go on."""
        view = self.views[position]
        if view["state"] == "refused":
            free_at = (view["problem"] or {}).get("next_free_at")
            return bool(view.get("upload")) and (free_at is None or datetime.fromisoformat(free_at) <= now)
        is_large = self._zoo.models[position].size_bytes > PARTS_ABOVE_BYTES
        return view["state"] == "wanted" or (view["state"] == "uploading" and is_large)

    def learn(self, view: Json) -> int:
        """Take the server's view of a model, unless it is older than what is known; where that is."""
        position = self._positions[view["index"]]
        if position not in self._refused and view["change"] >= self.views[position]["change"]:
            self.views[position] = view
        return position

    def expect(self, wanted: Sequence[int]) -> None:
        """These are waited for, also those that were refused before."""
        for index in wanted:
            self._mark(index, "wanted")

    def begin(self, index: int) -> int:
        """A model's file is on its way; where that is."""
        self.sent += 1
        return self._mark(index, "uploading")

    def _mark(self, index: int, state: str) -> int:
        position = self._positions[index]
        if self.views[position]["state"] in ("wanted", "uploading", "refused"):
            self.views[position] = self.views[position] | {"state": state}
        return position

    def refuse(self, index: int, ending: Ending) -> int:
        """A model's file is not taken; where that is."""
        self.sent -= 1
        self._refuse(self._positions[index], ending)
        return self._positions[index]

    def _refuse(self, position: int, ending: Ending) -> None:
        problem = ending.problem or {"detail": ending.lines[0], "remedy": "".join(ending.lines[1:2]).strip()}
        self.views[position] = self.views[position] | {"state": "refused", "problem": problem}
        self._refused.add(position)

    def is_final(self, position: int) -> bool:
        """Whether nothing more will be known of a model."""
        return self.views[position]["state"] in FINAL

    @property
    def settled(self) -> bool:
        """Whether all are final."""
        return all(self.is_final(position) for position in range(len(self.views)))

    def counts(self) -> Counter[str]:
        """How many models are in each state."""
        return Counter(str(view["state"]) for view in self.views)

    def summary(self) -> str:
        """The same on one line, the most first."""
        words = [f"{count} {state}" for state, count in self.counts().most_common()]
        return f"{len(self.views)} models: {', '.join(words)}"
