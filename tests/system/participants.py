"""Teams in a running stack, founded and given keys in this process by the same deeds that the operator's commands call."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.demo.visitor import Visitor
from services.gateway.actions import endpoints
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team, named_team
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.settings import GatewaySettings
from shared.storage import Storage
from tests.stacks import Stack

LISTEN_HERE = {"HOLDOUT_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8"}
"""Tests receive webhooks on this machine."""

DEFINITION = """
name = "{name}"
version = 1
title = "{name}"
year = 2026
description = "For a test."

[tasks.classification]
kind = "{kind}"
title = "Classification"
headline = "{headline}"
categories = 1000
max_bytes = 22_000_000
protocol = {{ confidence = "proven", source = "eval_flat.m" }}

[tasks.classification.splits.test]
title = "Test"
images = {images}
held_out = true
limits = {{ pool = "{name}", places = {places}, window_seconds = 604_800, forgiven_per_day = 20 }}
"""


HEADLINES = {"classification": "top_5_error", "detection": "mean_average_precision"}


def definition(name: str, images: int, places: int, kind: str = "classification") -> str:
    """A challenge of one task; whatever its kind, its address is that of classification."""
    return DEFINITION.format(name=name, images=images, places=places, kind=kind, headline=HEADLINES[kind])


class Organiser:
    """Publishes challenges and founds teams in one stack."""

    def __init__(self, stack: Stack, desk: Desk) -> None:
        self.desk = desk
        self._stack = stack
        self._visitors: list[Visitor] = []

    def publish(self, folder: Path, *truths: str, check: bool = True) -> None:
        """Publish the definition in `folder`; `check` scores its truths first, by a scorer that is started for it."""
        with closing(Storage(self._stack.addresses.storage_address("publish"))) as operator:
            publish(self.desk.database, operator, self.desk.clock, folder, list(truths), check)

    def host(self, folder: Path, truth: bytes, places: int = 2, kind: str = "classification") -> str:
        """Publish a challenge of its own for `truth`, which has a line for each image; returns its name."""
        name = f"test-{uuid4().hex[:10]}"
        (folder / "challenge.toml").write_text(definition(name, len(truth.splitlines()), places, kind))
        (folder / "truth.txt").write_bytes(truth)
        self.publish(folder, f"test={folder / 'truth.txt'}")
        return name

    def found(self, challenge: str, split: str = "test", pool: str | None = None) -> Visitor:
        """A new team at one split of a classification challenge."""
        return self.found_named(f"team {uuid4().hex[:10]}", challenge, split, pool)

    def found_named(self, name: str, challenge: str, split: str = "test", pool: str | None = None) -> Visitor:
        """The same, with this name."""
        found_team(self.desk, name)
        key = make_key(self.desk, name, "tests").text()
        address = f"/v1/challenges/{challenge}/tasks/classification/splits/{split}"
        self._visitors.append(Visitor(self._stack.gateway_url, key, address, pool or challenge))
        return self._visitors[-1]

    def listen(self, team: str, url: str) -> str:
        """Register an endpoint for a team; returns its secret."""
        return endpoints.register(self.desk, named_team(self.desk, team).id, endpoints.Draft(url)).secrets[0]

    def close(self) -> None:
        """Let every connection go."""
        for visitor in self._visitors:
            visitor.close()
        self.desk.close()


@contextmanager
def organising(stack: Stack) -> Iterator[Organiser]:
    """An organiser of `stack`."""
    settings = GatewaySettings.from_mapping(stack.environment("gateway") | LISTEN_HERE)
    with closing(Organiser(stack, open_desk(settings, "tests"))) as organiser:
        yield organiser
