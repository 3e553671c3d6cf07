"""Commands: serve · courier · migrate · challenge · publish · evaluation · account · team · letters · rehearsed · doctor."""

import argparse
import sys
from uuid import UUID

from services.gateway import commands
from services.gateway.apikeys import SCOPES
from services.gateway.doctor import commands as doctor
from services.gateway.hosting import commands as hosting
from services.gateway.operating import commands as operating
from shared.errors import HoldoutError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.gateway", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="answer HTTP").set_defaults(run=commands.serve_http)
    verbs.add_parser("courier", help="do what the outbox owes").set_defaults(run=commands.run_courier)
    verbs.add_parser("migrate", help="bring the database to this version").set_defaults(run=commands.migrate)

    hosting.add_to(verbs)

    evaluation = verbs.add_parser("evaluation", help="what failed").add_subparsers(dest="deed", required=True)
    failed = evaluation.add_parser("failed", help="submissions that failed by our fault, new to old, and why")
    failed.add_argument("--limit", type=int, default=100)
    failed.set_defaults(run=commands.list_failed)
    again = evaluation.add_parser("again", help="evaluate them once more, the cause being mended; charges nothing")
    again.add_argument("submission", type=UUID, nargs="+")
    again.set_defaults(run=commands.evaluate_again)

    account = verbs.add_parser("account", help="persons").add_subparsers(dest="deed", required=True)
    account.add_parser("list", help="persons and their teams").set_defaults(run=commands.list_accounts)
    enter = account.add_parser("create", help="enter a person")
    enter.add_argument("name")
    enter.add_argument("--email")
    enter.set_defaults(run=commands.open_account)

    team = verbs.add_parser("team", help="teams, keys, endpoints").add_subparsers(dest="deed", required=True)
    team.add_parser("list", help="teams and their keys").set_defaults(run=commands.list_teams)
    create = team.add_parser("create", help="found a team; prints its first key, once")
    create.add_argument("name")
    create.set_defaults(run=commands.create_team)
    key = team.add_parser("key", help="make another key; prints it, once")
    key.add_argument("name")
    key.add_argument("--label", default="")
    key.add_argument("--scopes", default=",".join(SCOPES), help=f"of: {', '.join(SCOPES)}")
    key.add_argument("--days", type=float, help="expires after so many days")
    key.add_argument("--person", help="held by this person of the team, not by the team")
    key.set_defaults(run=commands.make_key)
    for verb, run, help_ in (
        ("join", commands.join_team, "put a person into a team"),
        ("leave", commands.leave_team, "take a person out of it; their keys for it end"),
    ):
        move = team.add_parser(verb, help=help_)
        move.add_argument("name", help="the team's")
        move.add_argument("person")
        move.set_defaults(run=run)
    revoke = team.add_parser("revoke", help="end a key now")
    revoke.add_argument("key", help="its visible id (or the whole key)")
    revoke.set_defaults(run=commands.revoke_key)
    endpoint = team.add_parser("endpoint", help="send a team's events to an address; prints the secret")
    endpoint.add_argument("name")
    endpoint.add_argument("url")
    endpoint.set_defaults(run=commands.register_endpoint)
    operating.add_to(verbs)
    doctor.add_to(verbs)
    return parser


def main() -> int:
    """Run one command; 0 when it worked, 1 with one sentence when it was refused, or when a check found mistakes."""
    arguments = _parser().parse_args()
    try:
        code: int | None = arguments.run(arguments)
    except HoldoutError as error:
        print(f"{error.code}: {error.sentence}", file=sys.stderr)
        if error.remedy:
            print(f"  → {error.remedy}", file=sys.stderr)
        return 1
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
