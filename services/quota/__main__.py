"""`python -m services.quota serve | migrate`."""

import argparse

from services.quota.app import create_app
from services.quota.migrations import migrate
from services.quota.settings import QuotaSettings
from shared.logs import configure_logs
from shared.web import serve


def main() -> None:
    """Read the command and the settings, and run."""
    parser = argparse.ArgumentParser(prog="python -m services.quota", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer the gateway until told to stop")
    commands.add_parser("migrate", help="bring the database to this version's tables")
    command = parser.parse_args().command
    settings = QuotaSettings.from_environment()
    configure_logs(settings.log_style)
    if command == "migrate":
        migrate(settings.database_url.get_secret_value())
    else:
        serve(create_app(settings), settings.host, settings.port)


if __name__ == "__main__":
    main()
