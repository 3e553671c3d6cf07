"""The command that waits for an outcome, and how an outcome ends a command."""

import argparse

from services.gateway.client.answers import content_of
from services.gateway.client.endings import BROKEN
from services.gateway.client.findings import show_faults, show_submission
from services.gateway.client.needed import httpx
from services.gateway.client.outcomes import OUTCOMES, outcome, state_of
from services.gateway.client.server import Server
from services.gateway.client.terminal import say_json


def do_wait(args: argparse.Namespace, server: Server) -> int:
    """Wait for the outcome of a submission."""
    return conclude(args, server, outcome(server, args.id))


def conclude(args: argparse.Namespace, server: Server, answer: httpx.Response) -> int:
    """Print an outcome, and turn it into an exit code."""
    shown = content_of(answer)
    if args.json:
        say_json(shown)
    else:
        show_submission(shown)
        show_faults(server, shown)
    return OUTCOMES.get(state_of(shown)[0], BROKEN)
