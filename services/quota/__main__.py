"""Commands of quota: serve · migrate."""

import argparse
import sys

from services.quota.app import create_app
from services.quota.migrations import FOLDER
from services.quota.settings import QuotaSettings
from shared.errors import HoldoutError
from shared.logs import configure_logs
from shared.serving import serve


def main() -> int:
    """Run one command; 0 when it worked, 1 with one sentence when it could not."""
    parser = argparse.ArgumentParser(prog="python -m services.quota", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="answer the gateway until told to stop")
    verbs.add_parser("migrate", help="bring the database to this version's tables")
    verb = parser.parse_args().verb
    settings = QuotaSettings.from_environment()
    configure_logs(settings.log_style)
    try:
        if verb == "migrate":
            from shared.migrations import migrate  # Alembic: once and never again in a process that serves

            print("the database is at version", migrate(settings.database_url.get_secret_value(), FOLDER))
        else:
            serve(create_app(settings), settings.host, settings.port, settings.listen_fd)
    except HoldoutError as error:
        print(f"{error.code}: {error.sentence}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
