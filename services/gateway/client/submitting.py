"""The command that sends a file and waits for its outcome."""

import argparse
import hashlib
import json

from services.gateway.client.answers import content_of
from services.gateway.client.delivery import deliver
from services.gateway.client.endings import FINE, Json
from services.gateway.client.listings import standing_line
from services.gateway.client.outcomes import outcome, state_of
from services.gateway.client.parcels import Parcel, digest_of, is_gzip, size_of, unpacked_digest_of
from services.gateway.client.parts import PARTS_ABOVE_BYTES, Manner, deliver_in_parts
from services.gateway.client.server import Server
from services.gateway.client.terminal import go_on, note, say, say_json
from services.gateway.client.waiting import conclude


def do_submit(args: argparse.Namespace, server: Server) -> int:
    """Send a file; wait for its outcome unless told not to."""
    number = 1
    while True:
        parcel = parcel_of(args, number)
        is_large = parcel.size_bytes > PARTS_ABOVE_BYTES
        accepted = deliver_in_parts(server, parcel, Manner(args.parallel)) if is_large else deliver(server, parcel)
        show_accepted(args, accepted)
        submission = accepted["submission"]
        if not args.wait:
            return show_next(args, submission)
        answer = outcome(server, submission["id"])
        failed_before = accepted.get("replayed") and state_of(content_of(answer))[0] == "failed"
        if not failed_before or args.idempotency_key:
            return conclude(args, server, answer)
        note("it failed on the server's side then, and cost nothing; submitting the file anew")
        number += 1


def parcel_of(args: argparse.Namespace, number: int) -> Parcel:
    """The file and all that goes with it; `number` counts the tries that were answered."""
    about = {"method": args.method, "description": args.description, "track": args.track, "publish": args.publish}
    about |= {"labels": args.labels} if args.labels else {}
    about |= {} if args.participate else {"participate": False}
    about |= {"entry": args.entry} if args.entry else {}
    size_bytes = size_of(args.file)
    if size_bytes > PARTS_ABOVE_BYTES:
        note(f"reading {args.file.name}: {size_bytes:,} bytes")
    sent = digest_of(args.file)
    content = unpacked_digest_of(args.file) if is_gzip(args.file) else sent
    key = key_of(args, sent, about, number)
    return Parcel(args.file, size_bytes, args.challenge, args.task, args.split, about, sent, content, key)


def key_of(args: argparse.Namespace, sent: str, about: Json, number: int) -> str | None:
    """The key of a submission: made of the file's digest and of all that is said of it, unless another is given.

    The same command has the same key; `number` is above 1 where an earlier try failed on the server's side.
    """
    said = json.dumps([sent, args.challenge, args.task, args.split, about, number], sort_keys=True)
    key = args.idempotency_key or hashlib.sha256(said.encode()).hexdigest()
    return None if key == "none" else key


def show_accepted(args: argparse.Namespace, accepted: Json) -> None:
    """What the server has, whether that is new, and what is left."""
    submission = accepted["submission"]
    tell = note if args.json else say
    tell(f"accepted {submission['id']}: {submission['size_bytes']:,} bytes, sha-256 {submission['digest']}")
    if accepted.get("replayed"):
        tell("the same request was made before: it is not counted again")
        return
    if accepted.get("reused"):
        tell("the same bytes were submitted before: this is what they came to, and nothing is charged")
    if "allowance" in accepted:
        tell(standing_line(accepted["allowance"]))


def show_next(args: argparse.Namespace, submission: Json) -> int:
    """How to learn of the outcome later."""
    if args.json:
        say_json(submission)
    else:
        say(f"for its outcome: {go_on('wait', submission['id'])}")
    return FINE
