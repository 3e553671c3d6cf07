"""How a command ends: its exit code, its lines for people, and the server's problem for machines."""

from typing import Any

Json = dict[str, Any]
FINE, REJECTED, USAGE, REFUSED, OVER, BROKEN, FAILED, WORSE, UNREPRODUCED, STOPPED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 130
EXIT_CODES = """\
exit codes:
  0    fine; for submit, wait and zoo: all of it was scored; for check: it would be taken
  1    the file was rejected: its own fault, told by line and column
  2    the command line is wrong
  3    the server refused (401, 403, 404 and other 4xx answers)
  4    over the allowance (429); the time of the next free place is printed
  5    the server or the network is at fault, after all retries
  6    the evaluation failed on the server's side; nothing is charged
  7    zoo: a model is worse than the baseline allows
  8    zoo: a claim is not reproduced, and was to be
  130  stopped by Ctrl-C

The server and the key can also be given as HOLDOUT_URL and HOLDOUT_KEY.
"""


class Ending(Exception):
    """The command ends here: with this exit code, these lines for people, and the server's problem for machines."""

    def __init__(self, code: int, *lines: str, problem: Json | None = None) -> None:
        super().__init__(lines[0])
        self.code = code
        self.lines = list(lines)
        self.problem = problem
        self.retry_after_seconds = 0.0


def code_of(ending: Ending) -> str | None:
    """The code of the problem that ended it."""
    return (ending.problem or {}).get("code")
