"""`python -m deploy.drill`: destroys a stack of its own with thousands of submissions and restores it from its backup.

Exit status 1 when anything is not as it was, or took longer than promised. Writes `last-rehearsal.json` into the backup,
also when the way back fails.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from deploy.backup.place import Place
from deploy.backup.points import Point, all_points, newest_point
from deploy.demo.telling import Failed, Teller
from deploy.drill.crowd import found_crowd, score_for_real
from deploy.drill.disaster import Start, command, destroy, down, up
from deploy.drill.meanwhile import Meanwhile
from deploy.drill.multiplying import multiply
from deploy.drill.rehearsal import Course, noted
from deploy.drill.seeing import Seen, look
from shared.clock import utc_now

TEAMS = 10
WORST_RPO_SECONDS = 300.0
LONGEST_RESTORE_SECONDS = 300.0
LAST_MOMENTS_SECONDS = 40.0


def main() -> int:
    """Do it; 0 when all held."""
    parser = argparse.ArgumentParser(prog="python -m deploy.drill", description="Destroys a stack and brings it back.")
    parser.add_argument("--submissions", type=int, default=10_000, metavar="N", help="how many (10000)")
    parser.add_argument("--scored", type=int, default=30, metavar="N", help="how many are scored for real (30)")
    parser.add_argument("--backup", type=Path, metavar="FOLDER", help="keep the backup there (a temporary folder)")
    options = parser.parse_args()
    tell = Teller()
    folder = Path(tempfile.mkdtemp(prefix="holdout-drill-"))
    try:
        _drill(tell, folder / "stack", options.backup or folder / "backup", options)
    except Failed as error:
        print(f"\nThe drill failed: {error}", file=sys.stderr)
        return 1
    finally:
        if (folder / "stack").exists():
            down(folder / "stack")
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\nAll of it held, in {tell.seconds:.0f} s.")
    return 0


def _drill(tell: Teller, stack: Path, backup: Path, options: argparse.Namespace) -> None:
    tell.step("A stack with a backup, and a crowd")
    running = up(stack, "--backup", str(backup))
    teams = found_crowd(running.addresses, TEAMS)
    score_for_real(running.url, teams, options.scored)
    tell.say(f"{options.scored} different files of {TEAMS} teams scored for real")
    place = Place(backup)
    tell.check(newest_point(place) is not None, "the backup has its base and a point already")
    multiply(running.addresses, options.submissions)
    tell.say(f"COPIED to {options.submissions} submissions: rows by SQL, files and reports by S3")
    seen = look(running.url, teams)
    tell.check(len(seen.reports) == options.submissions, f"{len(seen.reports)} reports can be read")
    point = _point_after(place, utc_now())
    tell.say(f"point {point.name} has {point.objects} objects, {point.object_bytes / 2**20:.0f} MiB")

    tell.step("Disaster, while a team goes on submitting")
    late = Meanwhile(running.url, teams[0])
    time.sleep(LAST_MOMENTS_SECONDS)
    destroy(stack)
    blow = utc_now()
    late.stop()
    last = newest_point(place)
    assert last is not None, "there was one"
    rpo_seconds = (blow - last.at).total_seconds()
    worst = worst_rpo_seconds(place, blow)
    tell.say(
        f"every process killed -9, {stack} deleted; {len(late.acknowledged)} submissions were acknowledged meanwhile"
    )
    tell.say(f"the newest point was {rpo_seconds:.1f} s old, {worst:.1f} s at the worst")

    tell.step("The way back")
    with noted(backup, options.submissions, worst) as course:
        running = _restored(tell, stack, backup, course)
        missing, after = late.lost(running.url, last.at)
        compare(tell, course, seen, look(running.url, teams), missing)
        tell.say(f"allowance and events of {len(teams)} teams, opened by their keys from before")
        tell.say(f"of what was acknowledged after the point, {len(after)} are lost")
        tell.check(worst <= WORST_RPO_SECONDS, f"no more than {WORST_RPO_SECONDS:.0f} s can ever have been lost")
        tell.check(course.seconds <= LONGEST_RESTORE_SECONDS, f"all was ready within {LONGEST_RESTORE_SECONDS:.0f} s")


def _restored(tell: Teller, stack: Path, backup: Path, course: Course) -> Start:
    began = time.monotonic()
    for line in command("deploy.backup", "restore", "--from", str(backup), "--folder", str(stack)).splitlines():
        tell.say(line)
    running = up(stack)
    seconds = course.all_is_ready()
    tell.say(
        f"first answer {running.answered - began:.0f} s after the order to restore, everything ready after {seconds:.0f} s"
    )
    return running


def compare(tell: Teller, course: Course, before: Seen, after: Seen, missing: Sequence[str]) -> None:
    """Whether all is as it was, with nothing `missing` of what was acknowledged before the point; noted before it counts."""
    differing = before.differs_in(after)
    course.identical = not differing and not missing
    tell.check(not differing, "identical" if not differing else f"differs: {', '.join(differing)}")
    tell.check(not missing, f"{len(missing)} of what was acknowledged before the point are lost")
    tell.say(f"the board's {len(after.board)} entries, {len(after.reports)} reports byte for byte,")


def _point_after(place: Place, moment: datetime) -> Point:
    while (point := newest_point(place)) is None or point.at <= moment:
        time.sleep(0.2)
    return point


def worst_rpo_seconds(place: Place, until: datetime) -> float:
    """The oldest that the newest point has ever been, from the first point on: just before the next was published."""
    points = list(all_points(place))
    published = [(place.points / f"{point.name}.json").stat().st_mtime for point in points]
    ends = [*published[1:], until.timestamp()]
    return max(end - point.at.timestamp() for point, end in zip(points, ends, strict=True))


if __name__ == "__main__":
    sys.exit(main())
