"""`challenge`: a challenge of one's own, from a table of labels to a live board. Every deed is written elsewhere."""

import argparse
import contextlib
from pathlib import Path

from services.gateway.actions import audience
from services.gateway.actions.teams import named_team
from services.gateway.desk import command_desk
from services.gateway.hosting.annotations import counted, told
from services.gateway.hosting.drafting import Order, draft
from services.gateway.hosting.material import Brought
from services.gateway.publish import Publication, parts_of, publish, published_version
from services.gateway.settings import GatewaySettings, PublishSettings
from shared.bundles import TRUTH
from shared.clock import utc_now
from shared.errors import Refused
from shared.storage import Storage

WRONG = 1
"""The exit code for mistakes in what was brought."""

SINGLE = "test"
"""The split of a truth that no --split was said for."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe `challenge`, and `publish`, the older spelling of `challenge publish --public`."""
    challenge = verbs.add_parser("challenge", help="host a test set of your own: docs/host-your-own.md")
    deeds = challenge.add_subparsers(dest="deed", required=True)
    _describe_new(deeds.add_parser("new", help="write a folder with a commented definition"))
    check = deeds.add_parser("check", help="all that is wrong, by line; what the truth scores; previews")
    check.add_argument("folder", type=Path, help="holds challenge.toml")
    _describe_truths(check)
    check.set_defaults(run=check_challenge)
    for parser, public in (
        (deeds.add_parser("publish", help="make it live, privately at first; a correction is a new version"), False),
        (verbs.add_parser("publish", help="make a challenge live, for all to see"), True),
    ):
        _describe_publish(parser, public)
    for verb, run, help_ in (
        ("open", open_challenge, "show it to everybody"),
        ("hide", hide_challenge, "show it to the teams that are invited only"),
    ):
        deed = deeds.add_parser(verb, help=help_)
        deed.add_argument("name")
        deed.set_defaults(run=run)
    for verb, run, help_ in (
        ("invite", invite, "let teams see it while it is private"),
        ("uninvite", uninvite, "take that back"),
    ):
        deed = deeds.add_parser(verb, help=help_)
        deed.add_argument("name")
        deed.add_argument("team", nargs="+")
        deed.set_defaults(run=run)
    deeds.add_parser("list", help="every challenge, and who sees it").set_defaults(run=list_challenges)


def _describe_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="lower-case letters, digits and hyphens: it stands in addresses")
    parser.add_argument("--task", required=True, help="classification, detection, …: `python -m services.scorer tasks`")
    parser.add_argument(
        "--truth", action="append", required=True, metavar="FILE[,PART=FILE…]", help="one for each split"
    )
    parser.add_argument(
        "--split", action="append", default=[], help=f"whose truth that is, in the same order ({SINGLE})"
    )
    parser.add_argument("--title", default="", help="its name for people")
    parser.add_argument("--folder", type=Path, help="where to write it (./NAME)")
    parser.add_argument("--categories", type=Path, metavar="FILE", help="the categories' names in order, one a line")
    parser.add_argument("--columns", default="", metavar="IMAGE,LABEL", help="the table's columns, if called unusually")
    parser.set_defaults(run=new_challenge)


def _describe_truths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ground-truth",
        action="append",
        default=[],
        metavar="[TASK/]SPLIT=FILE[,PART=FILE…]",
        help="where it does not lie in FOLDER/truths/TASK/SPLIT/",
    )


def _describe_publish(parser: argparse.ArgumentParser, public: bool) -> None:
    parser.add_argument("folder", type=Path, help="holds challenge.toml")
    _describe_truths(parser)
    parser.add_argument("--without-check", action="store_true", help="where the scorer is not installed")
    parser.add_argument("--unless-published", action="store_true", help="leave a version that is live as it is")
    if not public:
        parser.add_argument("--public", action="store_true", help="show it to everybody at once")
        parser.add_argument("--team", action="append", default=[], help="invite this team to see it")
    parser.set_defaults(run=publish_challenge, **({"public": True, "team": []} if public else {}))


def new_challenge(arguments: argparse.Namespace) -> int | None:
    """Write a folder of what the organiser has."""
    splits = arguments.split or [SINGLE]
    if len(splits) != len(arguments.truth):
        sentence = f"there are {len(arguments.truth)} truths for {len(splits)} splits ({', '.join(splits)})"
        raise Refused("split-missing", sentence, "say --split NAME --truth FILE for each")
    brought = [
        Brought(split, {TRUTH: Path(path), **parts})
        for split, (path, parts) in zip(splits, map(parts_of, arguments.truth), strict=True)
    ]
    folder = arguments.folder or Path(arguments.name)
    columns = [column.strip() for column in arguments.columns.split(",") if column.strip()]
    order = Order(arguments.name, arguments.task, brought, folder, arguments.title, arguments.categories, columns)
    written = draft(order, utc_now)
    for remark in written.remarks:
        print(f"  {remark}")
    for path in written.files:
        print(f"wrote {path}")
    if written.faults:
        print("\n".join(map(told, written.faults)))
        print(f"{counted(len(written.faults))}; nothing was written")
        return WRONG
    print(f"next: look over {folder / 'challenge.toml'}, then `python -m services.gateway challenge check {folder}`")
    return None


def check_challenge(arguments: argparse.Namespace) -> int | None:
    """Say all that is wrong, and what is well."""
    # Here, for it renders pages: no other command, and no server beside `serve`, needs what they are made of.
    from services.gateway.hosting.examining import examine, lines

    url = GatewaySettings.model_fields["public_url"].default
    examined = examine(arguments.folder, arguments.ground_truth, url, utc_now())
    for line in lines(examined):
        print(line)
    if examined.faults:
        return WRONG
    print(f"nothing is wrong; next: `python -m services.gateway challenge publish {arguments.folder}`")
    return None


def publish_challenge(arguments: argparse.Namespace) -> None:
    """Make a challenge live, and say what that was."""
    operator = PublishSettings.from_environment()
    with (
        command_desk() as desk,
        contextlib.closing(Storage(operator.storage_address(desk.settings.s3_endpoint))) as storage,
    ):
        if arguments.unless_published and (live := published_version(desk.database, arguments.folder)):
            print(f"{live} is published already, and left as it is")
            return
        for team in arguments.team:
            named_team(desk, team)
        done = publish(
            desk.database,
            storage,
            desk.clock,
            arguments.folder,
            arguments.ground_truth,
            check=not arguments.without_check,
            private=not arguments.public,
        )
        for team in arguments.team:
            audience.invite(desk, done.challenge.name, team)
        opened = arguments.verb == "challenge" and arguments.public and done.private
        if opened:
            audience.open_challenge(desk, done.challenge.name)
    _tell_published(done, done.private and not opened)


def _tell_published(done: Publication, is_private: bool) -> None:
    state = "published" if done.is_new else "unchanged"
    print(f"{done.challenge.name} version {done.challenge.version} {state}: definition {done.digest}")
    if done.evaluated_anew:
        print(f"  {done.evaluated_anew} submissions are evaluated anew")
    for (task, split), digest in done.truths.items():
        print(f"  {task}/{split}: truth {digest}")
    if is_private:
        name = done.challenge.name
        print(
            f"  private: seen by teams that are invited (challenge invite {name} TEAM), until `challenge open {name}`"
        )


def open_challenge(arguments: argparse.Namespace) -> None:
    """Show it to everybody."""
    with command_desk() as desk:
        opened = audience.open_challenge(desk, arguments.name)
        address = f"{desk.settings.public_url}/challenges/{arguments.name}"
    print(f"{arguments.name} {'is open' if opened else 'was open already'}: {address}")


def hide_challenge(arguments: argparse.Namespace) -> None:
    """Show it to its guests only."""
    with command_desk() as desk:
        audience.hide_challenge(desk, arguments.name)
    print(f"{arguments.name} is private")


def invite(arguments: argparse.Namespace) -> None:
    """Let teams see it."""
    with command_desk() as desk:
        for team in arguments.team:
            audience.invite(desk, arguments.name, team)
            print(f"{team} sees {arguments.name}")


def uninvite(arguments: argparse.Namespace) -> None:
    """Take that back."""
    with command_desk() as desk:
        for team in arguments.team:
            audience.uninvite(desk, arguments.name, team)
            print(f"{team} does not see {arguments.name} any more, unless it is open")


def list_challenges(_: argparse.Namespace) -> None:
    """Every challenge, one a line: name, version, who sees it, which splits are open, who is invited."""
    with command_desk() as desk:
        for each in audience.standings(desk):
            seen = "private" if each.private else "open"
            splits, guests = ", ".join(each.splits) or "-", ", ".join(each.guests) or "-"
            print("\t".join((each.name, str(each.version), seen, splits, guests)))
