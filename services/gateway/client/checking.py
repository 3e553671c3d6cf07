"""The command that has a file checked: no place is taken, nothing is scored."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from services.gateway.client.answers import content_of, ending_of, retry_after
from services.gateway.client.endings import FAILED, FINE, REJECTED, Json, code_of
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import Body, Parcel, size_of
from services.gateway.client.server import Server
from services.gateway.client.terminal import say, say_json


def do_check(args: argparse.Namespace, server: Server) -> int:
    """Check a file without submitting it: no place is taken, no score is made."""
    about = {"labels": args.labels}
    parcel = Parcel(args.file, size_of(args.file), args.challenge, args.task, args.split, about)
    found = content_of(checked(server, parcel))
    if args.json:
        say_json(found)
    else:
        show_check(parcel.path, found)
    return FINE if found["outcome"] == "accepted" else REJECTED


def checked(server: Server, parcel: Parcel) -> httpx.Response:
    """The answer to a dry run. Sent again as long as it fails on the way: nothing comes of doing it twice."""
    patience = server.patience()
    while True:
        try:
            answer = server.post(parcel, Body(parcel), patience, "validate")
        except httpx.RequestError as error:
            server.pause(error, patience)
            continue
        if answer.is_success:
            return answer
        ending = ending_of(answer)
        if code_of(ending) == "check-failed":
            ending.code = FAILED
        if answer.status_code not in (502, 503, 504) or not patience.pause(ending.lines[0], retry_after(answer)):
            raise ending


def show_check(path: Path, found: Json) -> None:
    """What a file holds; or its faults as compilers print them: file:line:column: what is wrong. How to mend it."""
    if found["outcome"] == "accepted":
        say("accepted: " + ", ".join(f"{count:,} {what}" for what, count in found["counts"].items()))
    else:
        failure = found["failure"]
        # A fault of the same kind tells the remedy in its own line.
        is_told = any(fault["code"] == failure["code"] for fault in found["faults"])
        say(f"rejected: {failure['sentence']}" + ("" if is_told else f" {failure['remedy']}"))
    for line in faults_in(path, found["faults"], found["fault_count"]):
        say(line)
    for remark in found["notes"]:
        place = f":{remark['first_line']}" if remark["first_line"] else ""
        say(f"{path}{place}: note: {remark['sentence']} ({remark['count']:,} times)")


def faults_in(path: Path, faults: Sequence[Json], count: int) -> list[str]:
    """Faults of a file as compilers print them, and how many more there are."""
    lines = []
    for fault in faults:
        place = "".join(f":{fault[key]}" for key in ("line", "column") if fault.get(key) is not None)
        lines.append(f"{path}{place}: {fault['sentence']} {fault['remedy']}")
    return lines + ([f"… and {count - len(faults):,} more"] if count > len(faults) else [])
