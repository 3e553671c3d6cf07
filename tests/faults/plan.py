"""Which faults a seed means: what is done to whom, for how long, in which order. Pure."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

SERVICES = ("gateway", "courier", "quota", "scorer-1", "scorer-2")
SERVERS = ("postgres", "valkey", "seaweedfs")
PROGRAMS = SERVICES + SERVERS

KINDS: Mapping[str, tuple[str, ...]] = {
    "kill": PROGRAMS,
    "stop": PROGRAMS,
    "restart": PROGRAMS,
    "cut": PROGRAMS,
    "hold": PROGRAMS,
    "flush": ("valkey",),
    "wipe": ("valkey",),
    "full": ("disk",),
    "errors": ("receivers",),
    "drip": ("receivers",),
    "hang": ("receivers",),
    "publish": ("challenge",),
    "lose": ("truth",),
}
"""What can be done, and to whom. `hold` and `cut` are partitions: silent ones, and those that break connections.
`publish` is of a new version, which has all submissions evaluated anew; `lose` of one whose truth is out of reach."""

WEIGHTS: Mapping[str, int] = {
    "kill": 30, "stop": 13, "restart": 15, "cut": 11, "hold": 11, "flush": 3, "wipe": 3, "full": 1, "errors": 3,
    "drip": 2, "hang": 2, "publish": 4, "lose": 2,
}  # fmt: skip
"""Of a hundred faults, so many are of each kind: what takes long to heal comes seldom."""

HOLD_SECONDS: Mapping[str, tuple[float, float]] = {
    "stop": (1.0, 3.0), "cut": (0.5, 2.5), "hold": (1.0, 4.0), "full": (3.0, 5.0), "errors": (1.0, 3.0),
    "drip": (1.0, 3.0), "hang": (1.0, 3.0), "lose": (15.0, 18.0),
}  # fmt: skip

PUBLISH = "publish"

PAST_LEASE_SECONDS = (4.5, 6.0)
"""A scorer's lease is 3 s: stopped or cut off for so long, another has taken its job over."""

PAST_PATIENCE_SECONDS = (6.0, 8.0)
"""The gateway waits 5 s for the ledger: what it asked before may be done long after it has given up."""

PAST_CLAIM_SECONDS = (5.5, 11.0)
"""The courier's leases on what it has to do are 5 and 10 s: frozen for so long, it wakes up with what is no longer its,
and a frozen gateway with what others have asked again meanwhile."""

PAIRED = ("kill", "stop", "restart", "cut", "hold", PUBLISH)
"""What may happen two at a time, to different programs. At least one scorer is left alone."""

PAIR_CHANCE = 1 / 6
"""That a fault comes together with the one before it, where it may: about every tenth time there are two."""

PUBLISH_PAIR_CHANCE = 1 / 2
"""The same of a publication, which is short: what it meets by chance is mostly over."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The `number`th fault: `kind` happens to `target` and lasts for `seconds`. `beside`: along with the one before it;
    both end with the longer.
    """

    number: int
    kind: str
    target: str
    seconds: float = 0.0
    beside: bool = False


def plan(seed: int, count: int, kinds: Collection[str] = tuple(KINDS)) -> list[Fault]:
    """The faults of `seed`. Each kind comes by its weight, and each target of a kind as often as any other."""
    draw = random.Random(seed)
    decks: dict[str, list[str]] = {kind: [] for kind in kinds}
    faults: list[Fault] = []
    for number, kind in enumerate(_kinds(draw, count, kinds), start=1):
        if not decks[kind]:
            decks[kind] = draw.sample(KINDS[kind], len(KINDS[kind]))
        target = decks[kind].pop()
        faults.append(_paired(draw, faults, Fault(number, kind, target, _seconds(draw, kind, target))))
    return faults


def occasions(faults: Sequence[Fault]) -> Iterator[tuple[Fault, Fault | None]]:
    """Each fault that comes first, with the one beside it."""
    for fault, following in zip(faults, [*faults[1:], None], strict=True):
        if not fault.beside:
            yield fault, following if following is not None and following.beside else None


def _paired(draw: random.Random, before: Sequence[Fault], fault: Fault) -> Fault:
    """The same, along with the last of those `before` it now and then."""
    chance = draw.random()
    if not before or before[-1].beside:
        return fault
    last = before[-1]
    if chance >= (PUBLISH_PAIR_CHANCE if PUBLISH in (last.kind, fault.kind) else PAIR_CHANCE):
        return fault
    targets = {one.target.partition("-")[0] for one in (last, fault)}
    may = last.kind in PAIRED and fault.kind in PAIRED and len(targets) == 2
    return replace(fault, beside=may)


def _kinds(draw: random.Random, count: int, kinds: Collection[str]) -> list[str]:
    """So many kinds, in any order; each at least once where there is room."""
    kinds = sorted(kinds)
    each = kinds if count >= len(kinds) else draw.sample(kinds, count)
    rest = draw.choices(kinds, [WEIGHTS[kind] for kind in kinds], k=count - len(each))
    chosen = [*each, *rest]
    draw.shuffle(chosen)
    return chosen


def _seconds(draw: random.Random, kind: str, target: str) -> float:
    low, high = HOLD_SECONDS.get(kind, (0.0, 0.0))
    if target.startswith("scorer") and kind in ("stop", "cut", "hold"):
        low, high = PAST_LEASE_SECONDS
    if target in ("quota", "postgres") and kind in ("stop", "hold") and draw.random() < 0.5:
        low, high = PAST_PATIENCE_SECONDS
    if target in ("courier", "gateway") and kind == "stop" and draw.random() < 0.5:
        low, high = PAST_CLAIM_SECONDS
    return round(draw.uniform(low, high), 2)
