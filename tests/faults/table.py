"""The run as a Markdown table: how often each fault happened, how long it was felt, and what was lost."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.faults.plan import KINDS
from tests.faults.recovery import Felt

SAYS: Mapping[str, str] = {
    "kill": "killed (-9)",
    "stop": "frozen (SIGSTOP)",
    "restart": "restarted (SIGTERM)",
    "cut": "cut off, connections broken",
    "hold": "cut off in silence",
    "flush": "queue emptied (FLUSHALL)",
    "wipe": "queue's files lost",
    "full": "disk full",
    "errors": "webhooks answered 500",
    "drip": "webhooks answered drop by drop",
    "hang": "webhooks not answered",
    "publish": "new version published",
    "lose": "new version, truth out of reach",
}

HEAD = ("fault", "count", "lasted", "recovery p50", "p99", "max", "lost or doubled")


def as_table(felt: Sequence[Felt], violations: Mapping[int, int]) -> str:
    """A row for each kind, one for all, and one for each target; `violations` by number of the fault they followed."""
    rows = [HEAD, tuple("---" for _ in HEAD)]
    rows += [_row(SAYS[kind], [one for one in felt if one.fault.kind == kind], violations) for kind in KINDS]
    targets = Counter(one.fault.target for one in felt)
    rows += [
        _row(f"… of {target}", [one for one in felt if one.fault.target == target], violations) for target in targets
    ]
    rows.append(_row("**all**", list(felt), violations))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows if row)


def promises(felt: Sequence[Felt]) -> list[str]:
    """The figures of the two promises, as sentences."""
    said = []
    for what, times in (
        ("jobs of killed scorers taken over", [one.takeover for one in felt if one.fault.kind == "kill"]),
        (
            "jobs of other hit scorers taken over",
            [one.takeover for one in felt if one.fault.kind != "kill"],
        ),
        ("all jobs queued again after total loss of the queue", [one.requeue for one in felt]),
    ):
        known = sorted(time for time in times if time is not None)
        if known:
            said.append(f"{what}: {len(known)} times, p50 {_at(known, 0.5):.1f} s, max {known[-1]:.1f} s")
    return said


def _row(name: str, felt: Sequence[Felt], violations: Mapping[int, int]) -> tuple[str, ...]:
    if not felt:
        return ()
    times = sorted(one.recovery for one in felt if one.recovery is not None)
    lost = sum(violations.get(one.fault.number, 0) for one in felt)
    seconds = [one.fault.seconds for one in felt]
    lasted = f"{min(seconds):.1f}–{max(seconds):.1f} s" if max(seconds) else "–"
    figures = tuple(f"{_at(times, share):.1f} s" for share in (0.5, 0.99, 1.0)) if times else ("never",) * 3
    return (name, str(len(felt)), lasted, *figures, str(lost))


def _at(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all are not above."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
