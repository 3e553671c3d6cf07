"""`python -m deploy.stack`: looks at Python itself first, then hands over to command.py."""

import sys

INSTALL = "run `make setup`, then use .venv/bin/python instead of python"


def main() -> None:
    """Run the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036  (what we say to an older Python)
        sys.exit(f"Holdout needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    try:
        # Only now: an older Python could not even read it.
        from deploy.stack.command import run

        sys.exit(run(sys.argv[1:]))
    except ModuleNotFoundError as error:
        sys.exit(f"the package {error.name} is not installed for {sys.executable}\n  {INSTALL}")


main()
