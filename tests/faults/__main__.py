"""`python -m tests.faults`: run a stack under load, break it again and again, and check that nothing was lost."""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.disk import why_no_disk
from tests.faults.plan import KINDS, plan
from tests.faults.run import Wish, run
from tests.faults.stage import Papers


def main() -> int:
    """The exit status: 1 when a promise was broken."""
    # So that whoever ends us leaves no stack and no disk behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = _parser().parse_args()
    kinds = [kind for kind in KINDS if options.only is None or kind in options.only]
    if "full" in kinds and (reason := why_no_disk()):
        print(f"no full disks in this run: {reason}", flush=True)
        kinds.remove("full")
    if not kinds:
        sys.exit(f"nothing is left to do; the kinds of faults are {', '.join(KINDS)}")
    wish = Wish(options.seed, plan(options.seed, options.faults, kinds), options.teams, options.rate, _again(options))
    if options.folder is not None:
        options.folder.mkdir(parents=True)
        return run(wish, Papers(options.folder.resolve()))
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    status = run(wish, Papers(folder))
    if status == 0 and not options.keep:
        shutil.rmtree(folder)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=40, metavar="N", help="how many (40)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), metavar="N", help="any by default")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="KIND,…", help=", ".join(KINDS))
    parser.add_argument("--folder", type=Path, help="a new folder, kept, for the stack and the papers of the run")
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder that is made otherwise; a run that fails keeps it"
    )
    parser.add_argument("--teams", type=int, default=6, metavar="N", help="how many submit (6)")
    parser.add_argument("--rate", type=float, default=4.0, metavar="N", help="submissions a second of all teams (4)")
    return parser


def _again(options: argparse.Namespace) -> str:
    only = f" --only {','.join(options.only)}" if options.only else ""
    return f"python -m tests.faults --faults {options.faults} --seed {options.seed}{only}"


if __name__ == "__main__":
    sys.exit(main())
