"""Runs one command: its server, its ending, its exit code."""

import argparse
import io
import os
import sys

from services.gateway.client.endings import FINE, STOPPED, USAGE, Ending
from services.gateway.client.needed import httpx
from services.gateway.client.options import parser
from services.gateway.client.server import Server
from services.gateway.client.terminal import go_on, note, say_json


def server_of(args: argparse.Namespace) -> Server:
    """The server that the options name; says which option is missing or wrong."""
    if not args.server:
        raise Ending(USAGE, "no server is given", "  use --server https://… or set HOLDOUT_URL")
    try:
        url = httpx.URL(args.server)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise Ending(
            USAGE, f"{args.server!r} is not the address of a server", "  it looks like https://holdout.example"
        )
    key = (args.key or "").strip() or None
    if key is None and not args.public:
        raise Ending(USAGE, "no key is given", "  use --key holdout_… or set HOLDOUT_KEY; your organiser makes keys")
    if key and not (key.isascii() and key.isprintable()):
        raise Ending(USAGE, "the key has letters that no key has", "  copy it again, whole and on one line")
    return Server(args.server, key, args.timeout)


def main() -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = parser().parse_args()
    try:
        return int(args.run(args, server_of(args)))
    except Ending as ending:
        if args.json and ending.problem:
            say_json(ending.problem)
        note("\n".join(ending.lines))
        return ending.code
    except KeyboardInterrupt:
        note(f"stopped; to see what arrived: {go_on('list')}")
        return STOPPED
    except BrokenPipeError:
        # The reader of our output (`| head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
