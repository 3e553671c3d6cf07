"""The command that reads the team's feed of events, and follows it."""

import argparse
import time

from services.gateway.client.answers import content_of
from services.gateway.client.endings import FINE, Json
from services.gateway.client.outcomes import WAIT_SECONDS
from services.gateway.client.server import Server
from services.gateway.client.terminal import go_on, note, say, say_json
from services.gateway.client.words import moment, short


def do_events(args: argparse.Namespace, server: Server) -> int:
    """Show what happened since a position in the team's feed; with --follow, what happens from now on too."""
    after = args.after
    try:
        while True:
            asked = time.monotonic()
            wait = WAIT_SECONDS if args.follow else 0
            page = content_of(server.get("events", after=after, limit=100, wait=wait))
            for event in page["items"]:
                if args.json:
                    say_json(event)
                else:
                    say(event_line(event))
            after = page["next"]
            if not page["items"] and not args.follow:
                return FINE
            if not page["items"] and time.monotonic() - asked < 1:
                # A server that is shutting down answers at once; do not storm it.
                time.sleep(1)
    finally:
        note(f"read up to {after}; to go on: {go_on('events', '--after', str(after))}")


def event_line(event: Json) -> str:
    """An event of the feed on one line."""
    data, head = event["data"], [str(event["position"]), moment(event["timestamp"]), event["type"]]
    if event["type"] == "endpoint.disabled":
        gone = data.get("disabled_because") == "gone"
        reason = "it answered 410" if gone else f"fails since {moment(data.get('failing_since'))}"
        return "  ".join([*head, str(data.get("endpoint")), short(str(data.get("url")), 60), reason])
    metrics = "  ".join(f"{name} {value:.5f}" for name, value in sorted((data.get("metrics") or {}).items()))
    reason = (data.get("failure") or {}).get("sentence", "")
    where = f"{data.get('challenge')} {data.get('task')} {data.get('split')}"
    return "  ".join([*head, str(data.get("submission")), where, *filter(None, (metrics, short(reason, 100)))])
