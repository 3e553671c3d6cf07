"""`python -m benchmarks [NAME …]`: run the benchmarks of docs/performance.md and rewrite their sections of it."""

import sys
from importlib import import_module

from services.scorer.evaluate import warm

BENCHMARKS = (
    "classification",
    "localization",
    "classification_json",
    "classification_scores",
    "detection",
    "detection_json",
    "video_detection",
    "video_tracking",
    "scene_parsing",
    "bootstrap",
    "latency",
    "fairness",
    "quota",
    "memory",
    "idle",
    "sustained",
    "webhooks",
    "boards",
)
"""Modules beside this one, each with a `main()`, in the order of the page."""


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"error: no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    warm()  # as set-up does: what a start compiles stays in its memory
    for name in names or BENCHMARKS:
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
