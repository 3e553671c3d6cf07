"""The scorer's commands: `score` and `check` files offline, `trial` of a truth, `tasks`, `warm` up; `work` (`__main__`).

python -m services.scorer score classification PREDICTIONS TRUTH [--images N | --definition DIR [--task TASK] [--split SPLIT]]
python -m services.scorer check classification PREDICTIONS [--images N | --definition DIR [--task TASK] [--split SPLIT]]
python -m services.scorer trial classification TRUTH --definition DIR --task TASK --split SPLIT
python -m services.scorer tasks
python -m services.scorer work
python -m services.scorer warm
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from services.scorer import kernels, offline, trial
from services.scorer.evaluate import warm
from services.scorer.loading import load
from services.scorer.own import OwnTasksSettings
from services.scorer.tasks import every_task
from shared.challenge import Numbering
from shared.errors import Broken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 for scored or accepted, 1 for rejected, 2 for a usage that cannot be."""
    try:
        load(OwnTasksSettings.from_environment().own_tasks())
    except Broken as error:
        print(f"error: {error.sentence}", file=sys.stderr)
        return offline.USAGE
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "warm":
        return _warm()
    if options.command == "tasks":
        print(trial.listed())
        return 0
    if wrong := _contradiction(options):
        parser.error(wrong)
    definition = offline.Definition(options.definition, options.task, options.split) if options.definition else None
    wanted = offline.Wanted(options.kind, options.labels, definition, options.json)
    if options.command == "trial":
        code, text = trial.trial(wanted, options.truth, dict(options.part), options.in_order)
    elif options.command == "check":
        code, text = offline.check(wanted, options.predictions, options.images)
    else:
        code, text = offline.score(wanted, options.predictions, options.truth, dict(options.part), options.images)
    print(text, file=sys.stderr if code == offline.USAGE else sys.stdout)
    return code


def _warm() -> int:
    """Compile every kernel and keep it: what a scorer's first start would else do."""
    warm()
    where = f"kept in {kernels.KEPT}" if kernels.KEPT else "kept nowhere: no folder for them can be written"
    compiled = f"{kernels.compiled_now()} kernels compiled, {where}"
    print(compiled if kernels.COMPILED else "numba is not installed: nothing to compile")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.scorer", description="Scores predictions.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("work", help="take evaluations from the queue until told to stop")
    commands.add_parser("warm", help="compile all kernels and keep them, so that no start has to")
    score = commands.add_parser("score", help="score a file here and now; exit code 0 scored, 1 rejected, 2 usage")
    _name_file(score)
    _name_truth(score)
    _name_images(score)
    _name_case(score)
    rehearse = commands.add_parser(
        "trial", help="score a truth as a submission, and shuffled; exit code 0 scored, 1 rejected, 2 usage"
    )
    _name_kind(rehearse)
    rehearse.add_argument("--in-order", action="store_true", help="not out of order as well")
    _name_truth(rehearse)
    _name_case(rehearse)
    commands.add_parser("tasks", help="the tasks that can be scored here, as JSON")
    check = commands.add_parser("check", help="read a file as a score would; exit code 0 accepted, 1 rejected, 2 usage")
    _name_file(check)
    _name_images(check)
    _name_case(check)
    return parser


def _name_kind(command: argparse.ArgumentParser) -> None:
    command.add_argument("kind", choices=[task.NAME for task in every_task()])


def _name_truth(command: argparse.ArgumentParser) -> None:
    command.add_argument("truth", type=Path, metavar="TRUTH", help="the true labels; decides the number of images")
    command.add_argument(
        "--part", type=_part, action="append", default=[], metavar="NAME=FILE", help="what the truth has besides"
    )


def _name_file(command: argparse.ArgumentParser) -> None:
    _name_kind(command)
    command.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="a submission")


def _name_images(command: argparse.ArgumentParser) -> None:
    command.add_argument("--images", type=_positive, metavar="N", help="hold the files to this number of images")


def _name_case(command: argparse.ArgumentParser) -> None:
    """What a file is read by, beside itself."""
    command.add_argument(
        "--definition", type=Path, metavar="DIR", help="folder of a challenge.toml: hierarchy, categories"
    )
    command.add_argument("--task", help="which of the definition's tasks, where several are of this kind")
    command.add_argument("--split", help="hold the files to this split's number of images (needs --definition)")
    command.add_argument(
        "--labels",
        choices=get_args(Numbering),
        default="ilsvrc",
        help="how the file names categories (default: ilsvrc)",
    )
    command.add_argument("--json", action="store_true", help="print JSON, with the field names of a report")


def _contradiction(options: argparse.Namespace) -> str:
    """What of the options cannot be together; empty where all can."""
    if not options.definition and (options.task or options.split):
        return "--task and --split name parts of a definition: say --definition DIR too"
    if not options.definition and options.labels != "ilsvrc":
        return f"--labels {options.labels} needs a list of synsets: say --definition DIR too"
    if options.command != "trial" and options.images and options.split:
        return "--images is for want of a --split: say one of them"
    return ""


def _part(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, Path(path)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
