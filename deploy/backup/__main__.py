"""`python -m deploy.backup keep | now | list | verify | restore`."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.backup.keeping import Plan, Source
from deploy.backup.listing import as_json, as_table
from deploy.backup.looping import keep, now
from deploy.backup.place import Place
from deploy.backup.points import chosen_point
from deploy.backup.restoring import restore
from deploy.backup.verifying import verify_point
from deploy.containers.addresses import among_containers
from deploy.stack.addresses import Addresses
from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from deploy.stack.problem import Trouble
from deploy.stack.secrets import keep_secrets
from shared.clock import utc_now


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; 0 when it is done, 1 with what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description="Backups, and the way back.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    plan = Plan()

    source = argparse.ArgumentParser(add_help=False)
    source.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the backup is kept")
    source.add_argument("--folder", type=Path, default=Path(".holdout"), help="the stack (./.holdout)")
    source.add_argument("--containers", type=Path, metavar="SECRETS", help="instead, from inside docker-compose.yml")

    keeping = commands.add_parser("keep", parents=[source], help="keep a backup of a running stack until told to stop")
    keeping.add_argument("--every", type=float, default=plan.point_seconds, metavar="SECONDS", help="a point (30)")
    keeping.add_argument("--base-hours", type=float, default=plan.base_hours, metavar="HOURS", help="a base (24)")
    keeping.add_argument("--bases", type=int, default=plan.bases, metavar="N", help="how many are remembered (3)")
    keeping.set_defaults(act=_keep)

    commands.add_parser("now", parents=[source], help="a backup of this moment").set_defaults(act=_now)

    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--from", dest="place", type=Path, required=True, metavar="FOLDER", help="the backup")

    listing = commands.add_parser("list", parents=[place], help="the points that there are")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(act=_list)

    at = argparse.ArgumentParser(add_help=False)
    at.add_argument("--at", metavar="POINT|TIME", help="a point, or a time with its zone (the last point)")
    commands.add_parser("verify", parents=[place, at], help="read it all again").set_defaults(act=_verify)

    back = commands.add_parser("restore", parents=[place, at], help="a new folder, as everything was at a point")
    back.add_argument("--folder", type=Path, default=Path(".holdout"), help="must not exist (./.holdout)")
    back.set_defaults(act=_restore)
    return parser


def _keep(options: argparse.Namespace) -> int:
    plan = Plan(options.every, options.base_hours, options.bases)
    return keep(_source(options), Place(options.to.resolve()), plan, _tell, utc_now)


def _now(options: argparse.Namespace) -> int:
    point = now(_source(options), Place(options.to.resolve()), _tell, utc_now)
    _tell(f"point {point.name}: the database, {point.in_words()}, and the secrets are in {options.to}")
    return 0


def _source(options: argparse.Namespace) -> Source:
    if options.containers is not None:
        return Source(among_containers(keep_secrets(options.containers)), options.containers)
    folder = Folder(options.folder.resolve())
    if folder.supervisor() is None:
        raise Trouble(f"no stack runs in {folder.path}", "start it: python -m deploy.stack up")
    return Source(Addresses(read_ports(folder.ports), keep_secrets(folder.secrets)), folder.secrets)


def _list(options: argparse.Namespace) -> int:
    place = _place(options)
    print(as_json(place, utc_now()) if options.json else as_table(place, utc_now()))
    return 0


def _verify(options: argparse.Namespace) -> int:
    place = _place(options)
    point = chosen_point(place, options.at)
    verify_point(place, point)
    _tell(f"point {point.name} is whole: base, log, secrets and {point.objects} objects are as they were")
    return 0


def _restore(options: argparse.Namespace) -> int:
    place = _place(options)
    point = chosen_point(place, options.at)
    target = options.folder.resolve()
    began = time.monotonic()
    _tell(f"restoring point {point.name}, {(utc_now() - point.at).total_seconds():.0f} s old, into {target}")
    restore(place, point, target, _tell)
    _tell(f"restored in {time.monotonic() - began:.1f} s; next: python -m deploy.stack up --folder {options.folder}")
    return 0


def _place(options: argparse.Namespace) -> Place:
    place = Place(options.place.resolve())
    place.need()
    return place


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
