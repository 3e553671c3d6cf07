"""The scorer's commands: `score` files offline, `work` off the queue.

python -m services.scorer score classification PREDICTIONS TRUTH [--definition DIR [--task TASK] [--split SPLIT]] [--json]
python -m services.scorer work
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.scorer import offline
from services.scorer.tasks import TASKS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 for scored, 1 for rejected, 2 for a usage that cannot be."""
    options = _parser().parse_args(arguments)
    if options.command == "work":
        return _work()
    definition = offline.Definition(options.definition, options.task, options.split) if options.definition else None
    code, text = offline.score(options.kind, options.predictions, options.truth, definition, options.json)
    print(text, file=sys.stderr if code == offline.USAGE else sys.stdout)
    return code


def _work() -> int:
    from services.scorer import app  # the queue and S3: not wanted, nor needed, offline

    app.main()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.scorer", description="Scores predictions.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("work", help="take evaluations from the queue until told to stop")
    score = commands.add_parser("score", help="score a file here and now; exit code 0 scored, 1 rejected, 2 usage")
    score.add_argument("kind", choices=[task.NAME for task in TASKS])
    score.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="a submission")
    score.add_argument("truth", type=Path, metavar="TRUTH", help="the true labels; decides the number of images")
    score.add_argument(
        "--definition", type=Path, metavar="DIR", help="folder of a challenge.toml: hierarchy, categories"
    )
    score.add_argument("--task", help="which of the definition's tasks, where several are of this kind")
    score.add_argument("--split", help="hold both files to this split's number of images (needs --definition)")
    score.add_argument("--json", action="store_true", help="print JSON, with the field names of a report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
