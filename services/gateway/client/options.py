"""All commands and options."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.gateway.client.checking import do_check
from services.gateway.client.endings import EXIT_CODES
from services.gateway.client.feed import do_events
from services.gateway.client.parcels import NUMBERINGS
from services.gateway.client.parts import PARALLEL_PARTS
from services.gateway.client.reading import (
    do_allowance,
    do_challenges,
    do_give_up,
    do_leaderboard,
    do_list,
    do_report,
    do_status,
    do_uploads,
)
from services.gateway.client.server import Server
from services.gateway.client.submitting import do_submit
from services.gateway.client.waiting import do_wait
from services.gateway.client.zoo.command import do_zoo
from services.gateway.client.zoo.manifests import PLACE


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        description="Submit predictions to a Holdout server and read what it found.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace, Server], int], public: bool = False) -> Any:
        about = (run.__doc__ or "").strip()
        added = commands.add_parser(
            name, help=about, description=about, epilog=EXIT_CODES, formatter_class=top.formatter_class
        )
        added.set_defaults(run=run, public=public)
        added.add_argument("--server", default=os.environ.get("HOLDOUT_URL"), help="address of the server")
        added.add_argument("--key", default=os.environ.get("HOLDOUT_KEY"), help="your team's API key")
        added.add_argument("--timeout", type=seconds, default=600.0, help="keep trying this long to reach the server")
        added.add_argument("--json", action="store_true", help="print the server's JSON")
        return added

    add_submit(command("submit", do_submit))
    add_check(command("check", do_check))
    add_zoo(command("zoo", do_zoo))
    command("wait", do_wait).add_argument("id", help="a submission")
    command("status", do_status).add_argument("id", help="a submission")
    listing = command("list", do_list)
    listing.add_argument("--limit", type=int, default=20, help="1 to 100")
    listing.add_argument("--cursor", help="where the page before ended")
    command("uploads", do_uploads)
    command("give-up", do_give_up).add_argument("id", help="an upload")
    report = command("report", do_report)
    report.add_argument("id", help="a submission")
    report.add_argument("--output", type=Path, help="keep the report in this file")
    board = command("leaderboard", do_leaderboard, public=True)
    for name in PLACE:
        board.add_argument(name)
    command("allowance", do_allowance)
    command("challenges", do_challenges, public=True)
    feed = command("events", do_events)
    feed.add_argument("--after", type=int, default=0, help="the position read last; 0 is the beginning")
    feed.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    return top


def add_submit(submit: argparse.ArgumentParser) -> None:
    """A file, where it goes, and all that is said of it."""
    submit.add_argument("file", type=Path, help="the predictions, plain or gzip")
    for name in PLACE:
        submit.add_argument(f"--{name}", required=True)
    submit.add_argument("--method", default="", help="name of the method, shown on the board")
    submit.add_argument("--description", default="", help="what it does, what it was trained on")
    submit.add_argument("--track", choices=("provided", "external"), default="provided", help="training data")
    submit.add_argument("--labels", choices=NUMBERINGS, help="how the file names categories (ilsvrc)")
    submit.add_argument("--publish", action="store_true", help="put it on the board once it is scored")
    submit.add_argument(
        "--no-participate", dest="participate", action="store_false", help="on the board, not in the contest"
    )
    submit.add_argument(
        "--entry", metavar="ID", help="the submission whose place this file shares, where tasks are joined"
    )
    submit.add_argument("--parallel", type=parallel, default=PARALLEL_PARTS, help="parts of a large file at once, 1-16")
    about_key = "counts a repeated request once (made from file and options); none: send none"
    submit.add_argument("--idempotency-key", metavar="KEY", help=about_key)
    submit.add_argument("--wait", action=argparse.BooleanOptionalAction, default=True, help="wait for the outcome")


def add_check(check: argparse.ArgumentParser) -> None:
    """A file, and where it would go."""
    check.add_argument("file", type=Path, help="the predictions, plain or gzip")
    for name in PLACE:
        check.add_argument(f"--{name}", required=True)
    check.add_argument("--labels", choices=NUMBERINGS, default="ilsvrc", help="how the file names categories")


def add_zoo(zoo: argparse.ArgumentParser) -> None:
    """Many files, where they go, and what they are held against."""
    zoo.add_argument("path", type=Path, metavar="FOLDER|MANIFEST", help="files of models, or what names them")
    for name in PLACE:
        zoo.add_argument(f"--{name}", help="unless the manifest says it")
    zoo.add_argument("--labels", choices=NUMBERINGS, help="how files name categories (ilsvrc)")
    zoo.add_argument("--parallel", type=parallel, default=PARALLEL_PARTS, help="files sent at once, 1-16")
    about_baseline = "what an earlier run with --json printed, or one value for all models"
    zoo.add_argument("--fail-if-worse-than", metavar="BASELINE", help=about_baseline)
    zoo.add_argument("--tolerance", type=points, default=0.0, help="by so many percentage points it may be worse")
    zoo.add_argument("--fail-if-not-reproduced", action="store_true", help="end with 8 when a claim does not hold")


def seconds(text: str) -> float:
    """A length of time on the command line."""
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def parallel(text: str) -> int:
    """A number of connections on the command line."""
    value = int(text)
    if not 1 <= value <= 16:
        raise ValueError(text)
    return value


def points(text: str) -> float:
    """A tolerance on the command line, in percentage points."""
    value = float(text)
    if not 0 <= value <= 100:
        raise ValueError(text)
    return value
