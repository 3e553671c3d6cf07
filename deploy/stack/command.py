"""The command line: up, down, status, restart, run."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.stack.background import BEHIND, start_in_background
from deploy.stack.folder import Folder
from deploy.stack.ports import read_ports
from deploy.stack.problem import Trouble
from deploy.stack.restarting import restart
from deploy.stack.status import as_json, as_table
from deploy.stack.stopping import stop

COMMANDS = {"services.gateway": "publish", "services.quota": "quota", "services.scorer": "scorer"}
"""Modules that `run` starts, and as whom: the operator of the gateway may publish too."""


def identity(module: str, arguments: Sequence[str]) -> str:
    """As whom `run` starts a command of `module`: the gateway's doctor looks at everything."""
    return "doctor" if (module, *arguments[:1]) == ("services.gateway", "doctor") else COMMANDS[module]


PORT_OPTIONS = ("gateway", "quota", "postgres", "valkey", "s3")


def run(arguments: Sequence[str]) -> int:
    """The exit status of `python -m deploy.stack ARGUMENTS`."""
    options = _parser().parse_args(arguments)
    folder = Folder(options.folder.resolve())
    try:
        return int(options.act(folder, options))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.stack", description="Holdout on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--folder", type=Path, default=Path(".holdout"), help="where everything is kept (./.holdout)")

    up = commands.add_parser("up", parents=[every], help="start everything; comes back when all is ready")
    up.add_argument("--foreground", action="store_true", help="stay, and stop everything at Ctrl-C")
    up.add_argument(BEHIND, action="store_true", help=argparse.SUPPRESS)
    up.add_argument("--servers-only", action="store_true", help="PostgreSQL, Valkey and SeaweedFS alone")
    up.add_argument("--scorers", type=int, default=2, metavar="N", help="how many scorers (2)")
    up.add_argument("--backup", type=Path, metavar="FOLDER", help="keep a backup there, at later starts too (or: none)")
    for name in PORT_OPTIONS:
        up.add_argument(f"--{name}-port", type=_port, metavar="N", help="0: any free one")
    up.add_argument(
        "--through",
        type=_detour,
        action="append",
        default=[],
        metavar="PROGRAM:NAME=PORT",
        help="have PROGRAM find NAME (a port option's) at another port, where something stands between them",
    )
    up.set_defaults(act=_up)

    commands.add_parser("down", parents=[every], help="stop everything; comes back when all is gone").set_defaults(
        act=lambda folder, _: stop(folder)
    )

    anew = commands.add_parser("restart", parents=[every], help="new processes for old ones, without a pause")
    anew.add_argument("names", nargs="*", metavar="NAME", help="of `status`; every service when none is given")
    anew.set_defaults(act=lambda folder, options: restart(folder, options.names))

    status = commands.add_parser("status", parents=[every], help="what runs, since when, where")
    status.add_argument("--json", action="store_true", help="for machines")
    status.set_defaults(act=_status)

    command = commands.add_parser("run", parents=[every], help="run a command against the running stack")
    command.add_argument("module", choices=COMMANDS, metavar="MODULE", help=", ".join(COMMANDS))
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="e.g. team create NAME")
    command.set_defaults(act=_run)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError(f"{port} is no port: they run from 1 to 65535")
    return port


def _detour(text: str) -> tuple[str, str, int]:
    who, _, port = text.partition("=")
    program, _, name = who.partition(":")
    if not program or name not in PORT_OPTIONS:
        raise argparse.ArgumentTypeError(f"{text} is not PROGRAM:NAME=PORT with a NAME of {', '.join(PORT_OPTIONS)}")
    return program, name, _port(port)


def _up(folder: Folder, options: argparse.Namespace) -> int:
    if not (options.foreground or options.behind):
        return start_in_background(folder, sys.argv[1:])
    # Here, so that every other command answers at once: the servers' libraries take half a second.
    from deploy.stack.starting import Wish, supervise

    ports = {name: getattr(options, f"{name}_port") for name in PORT_OPTIONS}
    through: dict[str, dict[str, int]] = {}
    for program, name, port in options.through:
        through.setdefault(program, {})[name] = port
    return supervise(
        folder, Wish(ports, options.scorers, options.servers_only, options.behind, options.backup, through)
    )


def _status(folder: Folder, options: argparse.Namespace) -> int:
    print(as_json(folder) if options.json else as_table(folder))
    return 0 if folder.supervisor() else 3


def _run(folder: Folder, options: argparse.Namespace) -> int:
    if folder.supervisor() is None:
        raise Trouble(f"no stack runs in {folder.path}", "start it: python -m deploy.stack up")
    # Here for the same reason.
    from deploy.stack.addresses import Addresses
    from deploy.stack.backup import remembered
    from deploy.stack.environment import environment
    from deploy.stack.secrets import keep_secrets

    addresses = Addresses(read_ports(folder.ports), keep_secrets(folder.secrets))
    told = environment(identity(options.module, options.arguments), addresses)
    command = (sys.executable, "-m", options.module, *options.arguments)
    if identity(options.module, options.arguments) == "doctor":
        command += ("--folder", str(folder.path))
        if to := remembered(folder, None):
            command += ("--backup", str(to))
    os.execve(sys.executable, command, dict(os.environ) | told)  # noqa: S606  (no shell is what we want)
    return 0
