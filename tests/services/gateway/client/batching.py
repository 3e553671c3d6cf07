"""The imitation's batches: manifests are taken and files wanted as the gateway does it, unless a test scripts otherwise."""

import itertools
import json
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tests.services.gateway.imitation import OTHER, SUBMISSION, Answer, Asked, Imitation, Reply

BATCHES = "/v1/batches"
BATCH = f"{BATCHES}/{OTHER}"
EVENTS = f"{BATCH}/events"
PLACE = "/v1/challenges/ilsvrc2012/tasks/classification/splits/validation"
BOARD = f"{PLACE}/leaderboard"
REPORT = f"/v1/submissions/{SUBMISSION}/report"
TO_VALIDATION = ("--challenge", "ilsvrc2012", "--task", "classification", "--split", "validation")

State = dict[str, Any]


def scored(error: float, **more: Any) -> State:
    """What is added to the view of a model once it is scored."""
    interval = {"99.9": {"low": error - 0.004, "high": error + 0.004}}
    there = {"metrics": {"top_5_error": error}, "intervals": {"top_5_error": interval}}
    return {"state": "scored", "submission": {"id": SUBMISSION, "url": f"/v1/submissions/{SUBMISSION}"}} | there | more


def claimed(claim: float, score: float, reproduced: bool) -> State:
    """A judged claim."""
    judged = {"claimed": claim, "score": score, "difference": score - claim, "reproduced": reproduced}
    return {"claims": {"top_5_error": judged}, "reproduced": reproduced}


class Batches:
    """One batch: each model ends as `ends` says by its name, once its file has come; those in `known` at once.

    `stumbles` are replies to files, by their index, before one is taken.
    """

    def __init__(
        self,
        server: Imitation,
        ends: Mapping[str, State],
        known: Collection[str] = (),
        stumbles: Mapping[int, Sequence[Reply]] | None = None,
    ) -> None:
        self.manifests: list[Any] = []
        self.views: list[State] = []
        self._server = server
        self._ends = ends
        self._known = known
        self._stumbles = stumbles or {}
        self._came = threading.Condition()
        self._changes = itertools.count(1)
        server.script("GET", BOARD, Answer(200, {"headline": "top_5_error", "order": "ascending", "entries": []}))
        server.script("POST", BATCHES, self.asked_for)
        server.script("GET", EVENTS, self.told)

    def file_path(self, index: int) -> str:
        """Where the file of a model goes."""
        return f"{BATCH}/models/{index}/file"

    def lose(self, index: int) -> None:
        """Want the file of a model again."""
        self.views[index] |= {"state": "wanted", "change": next(self._changes)}

    def sent(self) -> dict[str, str]:
        """The SHA-256 of each file that came, by the model's name."""
        puts = [asked for asked in self._server.asked if asked.method == "PUT"]
        return {self.views[int(asked.path.split("/")[-2])]["name"]: asked.sha256 for asked in puts}

    def asked_for(self, asked: Asked) -> Answer:
        """The batch, as it now is."""
        self.manifests.append(json.loads(asked.body))
        again = bool(self.views)
        if not again:
            self.views = [self._view(index, model) for index, model in enumerate(self.manifests[-1]["models"])]
            for index in range(len(self.views)):
                self._server.script("PUT", self.file_path(index), *self._stumbles.get(index, ()), self._taken)
        return Answer(200 if again else 201, {"id": OTHER, "finished": self._is_finished(), "models": self.views})

    def _view(self, index: int, model: State) -> State:
        name, ends = model["name"], self._ends[model["name"]]
        view = {"index": index, "name": name, "revision": model.get("revision"), "state": "wanted", "known": False}
        view |= {"problem": None, "failure": None, "claims": {}, "reproduced": None, "metrics": None, "intervals": None}
        view |= {"upload": {"url": self.file_path(index)}, "change": next(self._changes)}
        is_known = name in self._known
        is_at_once = is_known or ends["state"] == "refused"
        return view | ({"upload": None} | ends | {"known": is_known} if is_at_once else {})

    def _taken(self, asked: Asked) -> Answer:
        index = int(asked.path.split("/")[-2])
        with self._came:
            self.views[index] |= self._ends[self.views[index]["name"]] | {"change": next(self._changes)}
            self._came.notify_all()
        return Answer(200, self.views[index])

    def told(self, asked: Asked) -> Answer:
        """All views, once there is nothing more to come; what does not come within a second is told the next time."""
        with self._came:
            self._came.wait_for(self._is_finished, 1)
            events = [{"id": str(view["change"]), "event": view["state"], "data": view} for view in self.views]
        last = [{"id": "0", "event": "finished", "data": {}}] if self._is_finished() else []
        lines = "".join(f"{json.dumps(event)}\n\n" for event in [*events, *last])
        return Answer(200, lines.encode(), {"Content-Type": "application/x-ndjson"})

    def _is_finished(self) -> bool:
        return all(view["state"] != "wanted" for view in self.views)
