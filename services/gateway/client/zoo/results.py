"""What is known of each model of a zoo while it runs: the server's view of it, or why it never got there."""

from collections import Counter
from collections.abc import Sequence

from services.gateway.client.endings import Ending, Json
from services.gateway.client.zoo.models import Zoo

FINAL = ("scored", "rejected", "failed", "refused")


class Results:
    """A view for each model, in the zoo's order; the server counts only those that it was told of."""

    def __init__(self, zoo: Zoo, views: Sequence[Json]) -> None:
        self.views: list[Json] = [{} for _ in zoo.models]
        self._positions = [position for position, model in enumerate(zoo.models) if model.trouble is None]
        for position, model in enumerate(zoo.models):
            if model.trouble is not None:
                self.refuse(position, model.trouble)
        for view in views:
            self.learn(view)

    def position(self, index: int) -> int:
        """Where in the zoo a model of the batch is."""
        return self._positions[index]

    def learn(self, view: Json) -> int:
        """Take the server's view of a model; where that is. What was refused on its way stays so."""
        position = self.position(view["index"])
        if not self.is_final(position):
            self.views[position] = view
        return position

    def wanted(self) -> list[int]:
        """The models whose files the server asks for, by its own count."""
        return [index for index, position in enumerate(self._positions) if self.views[position]["state"] == "wanted"]

    def refuse(self, position: int, ending: Ending) -> int:
        """A model's file cannot be sent, or is not taken; where that is."""
        problem = ending.problem or {"detail": ending.lines[0], "remedy": "".join(ending.lines[1:2]).strip()}
        self.views[position] |= {"state": "refused", "problem": problem}
        return position

    def is_final(self, position: int) -> bool:
        """Whether nothing more will be known of a model."""
        return self.views[position].get("state") in FINAL

    @property
    def settled(self) -> bool:
        """Whether all are final."""
        return all(self.is_final(position) for position in range(len(self.views)))

    @property
    def known(self) -> int:
        """Of how many the result was there before."""
        return sum(bool(view.get("known")) for view in self.views)

    def counts(self) -> Counter[str]:
        """How many models are in each state."""
        return Counter(str(view.get("state", "unknown")) for view in self.views)

    def summary(self) -> str:
        """The same on one line."""
        words = [f"{count} {state}" for state, count in sorted(self.counts().items(), key=lambda pair: -pair[1])]
        return f"{len(self.views)} models: {', '.join(words)}" + (f"; {self.known} known before" if self.known else "")
