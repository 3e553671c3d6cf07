"""The commands that read what the server knows."""

import argparse
from collections.abc import Callable
from typing import Any

from services.gateway.client.answers import content_of
from services.gateway.client.endings import FINE, USAGE, Ending
from services.gateway.client.findings import show_report, show_submission
from services.gateway.client.listings import show_allowance, show_board, show_challenges, show_page, show_uploads
from services.gateway.client.needed import httpx
from services.gateway.client.server import Server
from services.gateway.client.terminal import note, say, say_json


def do_status(args: argparse.Namespace, server: Server) -> int:
    """Show a submission as it is now."""
    return answered(args, server.get("submissions", args.id), show_submission)


def do_list(args: argparse.Namespace, server: Server) -> int:
    """List the team's submissions, new to old."""
    query = {"limit": args.limit} | ({"cursor": args.cursor} if args.cursor else {})
    return answered(args, server.get("submissions", **query), show_page)


def do_uploads(args: argparse.Namespace, server: Server) -> int:
    """List the uploads in parts that still can be completed, or were today."""
    return answered(args, server.get("uploads", limit=100), show_uploads)


def do_give_up(args: argparse.Namespace, server: Server) -> int:
    """Give an upload up: its place comes back."""
    server.ask("DELETE", ("uploads", args.id), server.patience())
    note(f"upload {args.id} is given up")
    return FINE


def do_report(args: argparse.Namespace, server: Server) -> int:
    """Show a report, or keep it as the scorer wrote it, byte for byte."""
    answer = server.get("submissions", args.id, "report")
    if args.output is None:
        return answered(args, answer, show_report)
    try:
        args.output.write_bytes(answer.content)
    except OSError as error:
        raise Ending(USAGE, f"{args.output} cannot be written: {error.strerror}") from error
    if args.json:
        say_json(content_of(answer))
    else:
        say(f"wrote {args.output}: {len(answer.content):,} bytes")
    return FINE


def do_leaderboard(args: argparse.Namespace, server: Server) -> int:
    """Show a board, all of its pages."""
    place = ("challenges", args.challenge, "tasks", args.task, "splits", args.split, "leaderboard")
    board = content_of(server.get(*place, limit=1000))
    while board.get("next"):
        page = content_of(server.get(*place, limit=1000, cursor=board["next"]))
        board |= {"entries": board["entries"] + page["entries"], "next": page["next"]}
    show = say_json if args.json else show_board
    show(board)
    return FINE


def do_allowance(args: argparse.Namespace, server: Server) -> int:
    """Show what the team has left."""
    return answered(args, server.get("allowance"), show_allowance)


def do_challenges(args: argparse.Namespace, server: Server) -> int:
    """Show what can be submitted to."""
    return answered(args, server.get("challenges"), show_challenges)


def answered(args: argparse.Namespace, answer: httpx.Response, show: Callable[[Any], None]) -> int:
    """Print an answer for people by `show`, or as the server's own JSON."""
    content = content_of(answer)
    if args.json:
        say_json(content)
    else:
        show(content)
    return FINE
