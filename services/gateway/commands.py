"""What the operator can say on the command line; every deed is one of `actions/`."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from services.gateway.actions import endpoints
from services.gateway.actions import evaluate as evaluations
from services.gateway.actions import keys as key_deeds
from services.gateway.actions import teams as deeds
from services.gateway.apikeys import SCOPES, Scope
from services.gateway.desk import Desk, open_desk
from services.gateway.heap import return_large_buffers
from services.gateway.migrations import FOLDER
from services.gateway.settings import CourierSettings, GatewaySettings
from services.gateway.store import keys, submissions, teams
from shared.errors import Refused
from shared.logs import configure_logs

MIGRATIONS = FOLDER


def serve_http(_: argparse.Namespace) -> None:
    """Answer HTTP until SIGTERM."""
    settings = GatewaySettings.from_environment()
    configure_logs(settings.log_style)
    return_large_buffers()
    # Routes and pages take memory that the courier does without.
    from services.gateway.app import build_app
    from shared.serving import serve

    app = build_app(open_desk(settings, "serve"))
    serve(
        app,
        settings.host,
        settings.port,
        settings.listen_fd,
        trusted_proxies=settings.trusted_proxies,
    )


def run_courier(_: argparse.Namespace) -> None:
    """Do what the outbox owes until SIGTERM."""
    # The queue takes memory that whoever answers HTTP does without.
    from services.gateway.courier.app import main as courier_main

    settings = CourierSettings.from_environment()
    configure_logs(settings.log_style)
    courier_main(settings)


def migrate(_: argparse.Namespace) -> None:
    """Bring the database to this version."""
    from shared.migrations import migrate as migrate_database  # Alembic: once and never again in a process that serves

    settings = GatewaySettings.from_environment()
    print(f"the gateway's database is at {migrate_database(settings.database_url, MIGRATIONS)}")


def create_team(arguments: argparse.Namespace) -> None:
    """Found a team and make its first key."""
    with _desk() as desk:
        team = deeds.found_team(desk, arguments.name)
        key = key_deeds.make_key(desk, team.name, "first key")
    print(f"team {team.name} ({team.id}); its key is shown this once:", file=sys.stderr)
    print(key.text())


def make_key(arguments: argparse.Namespace) -> None:
    """Make another key."""
    scopes = tuple(part.strip() for part in arguments.scopes.split(","))
    if not set(scopes) <= set(SCOPES):
        raise Refused("scope-unknown", f"the scopes are: {', '.join(SCOPES)}")
    with _desk() as desk:
        expires = desk.clock() + timedelta(days=arguments.days) if arguments.days is not None else None
        key = key_deeds.make_key(
            desk, arguments.name, arguments.label, cast(tuple[Scope, ...], scopes), expires, arguments.person
        )
    print(f"key {key.id} is shown this once:", file=sys.stderr)
    print(key.text())


def revoke_key(arguments: argparse.Namespace) -> None:
    """End a key now."""
    key_id = arguments.key.split("_")[1] if arguments.key.startswith("holdout_") else arguments.key
    with _desk() as desk:
        key_deeds.revoke_key(desk, key_id)
    print(f"key {key_id} is revoked")


def open_account(arguments: argparse.Namespace) -> None:
    """Enter a person."""
    with _desk() as desk:
        account = deeds.open_account(desk, arguments.name, arguments.email)
    print(f"person {account.name} ({account.id})")


def list_accounts(_: argparse.Namespace) -> None:
    """Persons with the teams they are in."""
    with _desk() as desk, desk.database.begin() as session:
        for account, team in teams.accounts_with_teams(session):
            print(f"{account.name}\t{account.id}\t{account.email or '-'}\t{team.name if team else '-'}")


def join_team(arguments: argparse.Namespace) -> None:
    """Put a person into a team."""
    with _desk() as desk:
        deeds.join_team(desk, arguments.name, arguments.person)
    print(f"{arguments.person} is in {arguments.name}")


def leave_team(arguments: argparse.Namespace) -> None:
    """Take a person out of a team, and end their keys for it."""
    with _desk() as desk:
        ended = deeds.leave_team(desk, arguments.name, arguments.person)
    print(f"{arguments.person} is not in {arguments.name} any more; keys ended: {ended}")


def register_endpoint(arguments: argparse.Namespace) -> None:
    """Send a team's events to an address."""
    with _desk() as desk:
        team = deeds.named_team(desk, arguments.name)
        endpoint = endpoints.register(desk, team.id, endpoints.Draft(arguments.url))
    print(f"endpoint {endpoint.id}; verify its webhooks with this secret:", file=sys.stderr)
    print(endpoint.secrets[0])


def list_teams(_: argparse.Namespace) -> None:
    """Teams with their keys, never a secret."""
    with _desk() as desk, desk.database.begin() as session:
        for team, key, person in keys.by_team(session):
            columns = [team.name, str(team.id)]
            if key is not None:
                holder = person.name if person else "-"
                columns += [key.id, ",".join(key.scopes), "revoked" if key.revoked_at else "live", holder, key.label]
            print("\t".join(columns))


def list_failed(arguments: argparse.Namespace) -> None:
    """What failed by our fault, and why: quarantined until it is evaluated again."""
    with _desk() as desk, desk.database.begin() as session:
        for judged in submissions.failed(session, arguments.limit):
            row, evaluation = judged.submission, judged.evaluation
            failure = (evaluation.failure if evaluation else None) or {}
            ended = evaluation.finished_at if evaluation else None
            place = f"{row.challenge}/{row.task}/{row.split}"
            moment = ended.isoformat(timespec="seconds") if ended else "-"
            print(f"{row.id}\t{judged.team.name}\t{place}\t{moment}\t{failure.get('code')}\t{failure.get('sentence')}")


def evaluate_again(arguments: argparse.Namespace) -> None:
    """Queue what failed once more."""
    with _desk() as desk:
        for submission in arguments.submission:
            evaluations.evaluate_again(desk, submission)
            print(f"{submission} is queued again; nothing is charged")


@contextlib.contextmanager
def _desk() -> Iterator[Desk]:
    desk = open_desk(GatewaySettings.from_environment(), "command")
    try:
        yield desk
    finally:
        desk.close()
