"""`python -m deploy.rehearsal`: docker-compose.yml from nothing to a board and back; exit status 1 when a claim fails.

Needs a Docker Engine with Compose; works in a project, with volumes and on a port of its own, and removes them.
"""

import argparse
import re
import socket
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

from deploy.demo import story
from deploy.demo.contestants import Simulator
from deploy.demo.devkit import Devkit, fetch_devkit
from deploy.demo.telling import Failed, Teller
from deploy.rehearsal.compose import ROOT, Compose, NoEngine, describe, need_engine
from deploy.rehearsal.stage import Containers
from deploy.rehearsal.walls import the_truth_is_shut, try_the_walls

PROJECT = "holdout-rehearsal"
IMAGES = ("gateway", "quota", "scorer")
LARGEST_GATEWAY_BYTES = 250 * 10**6


def main() -> int:
    """Rehearse; 0 when all held, 1 when not, 2 where there is no engine."""
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal", description="docker-compose.yml, for real.")
    parser.add_argument("--scorers", type=int, default=3, metavar="N", help="how many (3)")
    parser.add_argument("--keep", action="store_true", help="leave it up, to look around")
    options = parser.parse_args()
    tell = Teller()
    try:
        tell.say(need_engine())
    except NoEngine as error:
        print(error, file=sys.stderr)
        return 2
    compose = Compose(PROJECT, f"127.0.0.1:{_free_port()}")
    try:
        _rehearse(tell, compose, options.scorers)
    except (Failed, httpx.HTTPError, OSError) as error:
        print(f"\nThe rehearsal failed: {error}", file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            compose("down", "--volumes", "--timeout", "20")
    print(f"\nAll of it held, in {tell.seconds:.0f} s.")
    return 0


def _rehearse(tell: Teller, compose: Compose, scorers: int) -> None:
    kit = fetch_devkit(ROOT / ".cache")
    tell.step("From an empty engine to a healthy stack")
    compose("down", "--volumes")
    compose("config", "--quiet")
    compose("build", "--quiet")
    _tell_sizes(tell)
    _come_up(tell, compose, scorers)
    tell.step("Walls")
    try_the_walls(tell, compose)
    with closing(Containers(compose)) as stage:
        _play(tell, compose, stage, kit)
        _go_down_and_up(tell, compose, stage, scorers)


def _tell_sizes(tell: Teller) -> None:
    sizes = {name: describe(f"holdout-{name}:local")[0]["Size"] for name in IMAGES}
    tell.say("images: " + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.items()))
    tell.check(sizes["gateway"] <= LARGEST_GATEWAY_BYTES, "the gateway's image has at most 250 MB")


def _come_up(tell: Teller, compose: Compose, scorers: int) -> None:
    began = time.monotonic()
    compose("up", "--detach", "--wait", "--scale", f"scorer={scorers}")
    for line in compose("ps", "--format", "table {{.Service}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}").splitlines():
        tell.say("  " + line.rstrip())
    tell.check(True, f"everything healthy in {time.monotonic() - began:.0f} s")


def _play(tell: Teller, compose: Compose, stage: Containers, kit: Devkit) -> None:
    tell.step("The official ILSVRC2012 development kit becomes a challenge")
    if kit.demo_file is None:
        tell.say("no network: GENERATED labels stand in for the real ones.")
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.txt"
        truth.write_bytes(kit.labels)
        published = stage.publish(truth)
    for line in published.splitlines():
        tell.say(line)
    (digest,) = re.findall(r"truth ([0-9a-f]{64})", published)
    the_truth_is_shut(tell, compose, digest)

    simulator = Simulator(kit.labels)
    tell.step("The winners of 2010–2017, SIMULATED at their published errors, and the kit's own file")
    story.fill_the_board(tell, stage, kit, simulator)
    tell.step('You are a team: "you"')
    you = stage.newcomer("you")
    story.send_a_broken_file(tell, you, simulator)
    first = you.scored(simulator.predictions(0.0305, seed=1), "my method")
    tell.check(first["evaluation"]["metrics"]["top_5_error"] == 0.0305, "a good file is scored exactly as known")
    story.use_up_the_week(tell, you, simulator)
    tell.step("A scorer's container is killed in mid-job")
    stage.arm()
    story.kill_a_scorer(tell, stage, simulator)


def _go_down_and_up(tell: Teller, compose: Compose, stage: Containers, scorers: int) -> None:
    tell.step("Down, and up again")
    you = stage.newcomer("returning")
    board = you.board()
    compose("down")
    tell.check(not compose("ps", "--all", "--quiet").split(), "everything is gone but the volumes")
    _come_up(tell, compose, scorers)
    tell.check(len(board) > 0 and you.board() == board, f"the board is as it was, with {len(board)} entries")
    tell.check(you.standing()["remaining"] == 2, "and a key from before still opens")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
