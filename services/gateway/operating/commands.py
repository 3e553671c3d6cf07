"""Commands for whoever keeps a server well: dead letters and rehearsals. Every deed is one of `actions/`."""

import argparse
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from services.gateway.actions import letters
from services.gateway.actions.rehearsals import remember
from services.gateway.desk import command_desk
from services.gateway.spans import spoken
from services.gateway.store.letters import Chosen, DeadLetter

HEADINGS = ("id", "what", "given up", "attempts", "to", "because")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe `letters` and `rehearsed`."""
    parser = verbs.add_parser("letters", help="what was given up: list it, try it anew, drop it")
    parser.set_defaults(run=list_letters)
    deeds = parser.add_subparsers(dest="deed")
    deeds.add_parser("list", help="what was given up, newest first (also without a word)").set_defaults(
        run=list_letters
    )
    for verb, run, help_ in (
        ("redrive", redrive_letters, "due now, with all its attempts before it"),
        ("drop", drop_letters, "remove it for good"),
    ):
        deed = deeds.add_parser(verb, help=help_)
        which = deed.add_mutually_exclusive_group(required=True)
        which.add_argument("ids", nargs="*", type=int, default=[], metavar="ID", help="numbers that `letters` shows")
        which.add_argument("--all", action="store_true", help="all there are")
        which.add_argument("--endpoint", type=UUID, metavar="ENDPOINT", help="all to this endpoint")
        deed.set_defaults(run=run)

    rehearsed = verbs.add_parser("rehearsed", help="record a rehearsal of a restore, for /status")
    rehearsed.add_argument("--file", type=Path, required=True, help="what the rehearsal wrote: last-rehearsal.json")
    rehearsed.set_defaults(run=record_rehearsal)


def list_letters(_: argparse.Namespace) -> None:
    """What was given up, one line each."""
    with command_desk() as desk:
        found, count = letters.given_up(desk)
        now = desk.clock()
    if not count:
        print("no dead letters: nothing was given up")
        return
    for line in (HEADINGS, *(_columns(letter, now) for letter in found)):
        print("\t".join(line))
    if count > len(found):
        print(f"and {count - len(found)} more, given up before these")


def redrive_letters(arguments: argparse.Namespace) -> None:
    """Make them due now."""
    with command_desk() as desk:
        done = letters.redrive(desk, _chosen(arguments))
    print(f"due now: {done.due}")
    if done.to_disabled:
        print(f"left alone: {done.to_disabled}, to endpoints that are disabled; their teams may enable them")


def drop_letters(arguments: argparse.Namespace) -> None:
    """Remove them for good."""
    with command_desk() as desk:
        print(f"dropped: {letters.drop(desk, _chosen(arguments))}")


def record_rehearsal(arguments: argparse.Namespace) -> None:
    """Let `/status` tell of a rehearsal."""
    with command_desk() as desk:
        row, is_new = remember(desk, arguments.file)
    state = "recorded" if is_new else "known already"
    print(f"rehearsal of {row.at:%Y-%m-%d %H:%M} UTC {state}: {row.submissions} submissions in {row.seconds:.1f} s")


def _chosen(arguments: argparse.Namespace) -> Chosen:
    return Chosen(tuple(arguments.ids), arguments.endpoint, arguments.all)


def _columns(letter: DeadLetter, now: datetime) -> tuple[str, ...]:
    deed = letter.deed
    assert deed.given_up_at is not None
    return (
        str(deed.id),
        deed.kind,
        f"{spoken(now - deed.given_up_at)} ago",
        str(deed.attempts),
        _receiver(letter),
        " ".join((deed.last_error or "").split()),
    )


def _receiver(letter: DeadLetter) -> str:
    """Team and endpoint; of its address the host only, for the rest may hold a team's secret."""
    if letter.endpoint is None or letter.team is None:
        return "-"
    state = ", disabled" if letter.endpoint.disabled_at else ""
    return f"{letter.team.name}: {letter.endpoint.id} ({urlsplit(letter.endpoint.url).hostname}{state})"
