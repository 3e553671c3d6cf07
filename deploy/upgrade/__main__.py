"""`python -m deploy.upgrade --from REVISION`: an earlier version's stack fills a folder; this version's goes on from it.

Exit status 1 when anything is lost, other than before, or refuses to go on.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.receiver import Receiver, receiving
from deploy.demo.telling import Failed, Teller
from deploy.drill import crowd
from deploy.drill.crowd import Team, predictions, truth, visitor
from deploy.drill.disaster import addresses_of
from deploy.stack.programs import ROOT
from deploy.upgrade.earlier import export, newest_tag, run

TEAMS, FILES = 3, 6


@dataclass(frozen=True, slots=True)
class Seen:
    """What must be as before, in words that every version has."""

    entries: dict[str, tuple[str, str, float]]
    reports: dict[str, bytes]
    remaining: dict[str, int]


def main() -> int:
    """Try it; 0 when all held."""
    parser = argparse.ArgumentParser(prog="python -m deploy.upgrade", description=__doc__.partition(":")[0])
    parser.add_argument("--from", dest="revision", metavar="REVISION", help="a tag or commit (the newest tag v*)")
    options = parser.parse_args()
    tell = Teller()
    folder = Path(tempfile.mkdtemp(prefix="holdout-upgrade-"))
    try:
        _try(tell, folder, options.revision or newest_tag())
    except (Failed, httpx.HTTPError) as error:
        print(f"\nThe upgrade failed: {error}", file=sys.stderr)
        return 1
    finally:
        with suppress(Failed):
            run(ROOT, "deploy.stack", "down", "--folder", str(folder / "stack"))
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\nAll of it held, in {tell.seconds:.0f} s.")
    return 0


def _try(tell: Teller, folder: Path, revision: str) -> None:
    earlier, stack = folder / "earlier", folder / "stack"
    tell.step(f"The stack of {revision}")
    export(revision, earlier)
    run(earlier, "deploy.stack", "up", "--folder", str(stack), "--gateway-port", "0", "--scorers", "1")
    with receiving() as hook:
        teams = _fill(earlier, stack, hook)
        seen = _look(stack, teams)
        told = f"{TEAMS} teams, {FILES} scored submissions, a board and a webhook endpoint"
        tell.check(len(seen.reports) == FILES and hook.next("evaluation.scored").signed, told)
        run(earlier, "deploy.stack", "down", "--folder", str(stack))
        _go_on(tell, stack, teams, seen, hook)


def _go_on(tell: Teller, stack: Path, teams: list[Team], seen: Seen, hook: Receiver) -> None:
    tell.step("This version on the same folder")
    for line in run(ROOT, "deploy.stack", "up", "--folder", str(stack), "--scorers", "1").splitlines()[-3:]:
        tell.say(line)
    tell.check(_look(stack, teams) == seen, "old keys open; board, reports (bytes) and allowances are as they were")
    with closing(visitor(addresses_of(stack).gateway_url, teams[0])) as one:
        again = one.scored(predictions(FILES + 1), "after the upgrade")
        tell.check(again["evaluation"]["state"] == "scored", "a new submission is scored")
        tell.check(len(one.board()) == FILES + 1, "and stands on the board among the old ones")
    tell.check(_hears_of(hook, again["id"]), "the old endpoint hears of it, signed with the old secret")
    listed = run(ROOT, "deploy.stack", "run", "--folder", str(stack), "services.gateway", "team", "list")
    tell.check(all(team.name in listed for team in teams), "the operator's commands see the old teams")
    run(ROOT, "deploy.backup", "now", "--folder", str(stack), "--to", str(stack.with_name("backup")))
    tell.check(True, "and the old folder can be backed up, with identities that it did not have before")


def _fill(tree: Path, stack: Path, hook: Receiver) -> list[Team]:
    """Have the earlier version publish, found, register and score."""

    def operate(*arguments: str) -> str:
        return run(tree, "deploy.stack", "run", "--folder", str(stack), "services.gateway", *arguments)

    labels = stack / "labels.txt"
    labels.write_bytes(truth())
    challenge = Path(crowd.__file__).parent
    truths = [f"--ground-truth={split}={labels}" for split in ("before", "during")]
    operate("publish", str(challenge), *truths)
    names = [f"team {number}" for number in range(1, TEAMS + 1)]
    teams = [Team(name, operate("team", "create", name).strip().splitlines()[-1]) for name in names]
    hook.secret = operate("team", "endpoint", teams[0].name, hook.url).strip().splitlines()[-1]
    crowd.score_for_real(addresses_of(stack).gateway_url, teams, FILES)
    return teams


def _hears_of(hook: Receiver, submission: str) -> bool:
    while (delivery := hook.next("evaluation.scored")).event["data"]["submission"] != submission:
        pass
    return delivery.signed


def _look(stack: Path, teams: list[Team]) -> Seen:
    url = addresses_of(stack).gateway_url
    reports, remaining = {}, {}
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        entries = _json(http, crowd.SPLIT.format("before") + "/leaderboard")["entries"]
        for team in teams:
            mine = {"Authorization": f"Bearer {team.key}"}
            for entry in (entry for entry in entries if entry["team"] == team.name):
                answer = http.get(f"/v1/submissions/{entry['submission']}/report", headers=mine)
                reports[entry["submission"]] = answer.raise_for_status().content
            pools = _json(http, "/v1/allowance", **mine)["pools"]
            remaining[team.name] = next(pool["remaining"] for pool in pools if pool["pool"] == "before")
    shown = {entry["submission"]: (entry["team"], entry["method"], entry["value"]) for entry in entries}
    return Seen(shown, reports, remaining)


def _json(http: httpx.Client, path: str, **headers: str) -> dict[str, Any]:
    content: dict[str, Any] = http.get(path, headers=headers).raise_for_status().json()
    return content


if __name__ == "__main__":
    sys.exit(main())
