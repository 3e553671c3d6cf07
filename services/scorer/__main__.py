"""`python -m services.scorer COMMAND`: `work` off the queue, or one of `commands`.

They are apart because a worker that waits needs none of the scoring code, which takes more memory than all else of it:
its warm parent has that (`sandbox`).
"""

import sys


def main(arguments: list[str]) -> int:
    """The exit code of one command."""
    if arguments == ["work"]:
        from services.scorer import app  # the queue and S3: not wanted, nor needed, offline

        app.main()
        return 0
    from services.scorer import commands

    return commands.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
