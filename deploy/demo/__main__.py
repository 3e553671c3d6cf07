"""`python -m deploy.demo`: the story from an empty folder to a board; exit status 1 when a claim does not hold."""

import argparse
import gc
import queue
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx

from deploy.demo import story
from deploy.demo.contestants import Simulator
from deploy.demo.devkit import Devkit, fetch_devkit
from deploy.demo.receiver import Receiver, receiving
from deploy.demo.running import DemoStack, bring_up
from deploy.demo.telling import Failed, Teller
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk, open_desk
from shared.errors import HoldoutError

FOLDER = Path(".holdout-demo")
CACHE = Path(".cache")


def main() -> int:
    """Tell the whole story."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="The whole story, on real servers.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"begun anew each time ({FOLDER})")
    parser.add_argument("--gateway-port", default=None, metavar="N", help="0: any free one")
    options = parser.parse_args()
    stack_options = [] if options.gateway_port is None else ["--gateway-port", options.gateway_port]
    tell = Teller()
    try:
        _tell_it(tell, options.folder.resolve(), stack_options)
    except (Failed, HoldoutError, OSError, httpx.HTTPError) as error:
        return _give_up(str(error) or type(error).__name__)
    except queue.Empty:
        return _give_up("a webhook did not come")
    print(f"\nAll of it held, in {tell.seconds:.1f} s. It stays up until `make down`.")
    return 0


def _give_up(reason: str) -> int:
    print(f"\nThe demo failed: {reason}", file=sys.stderr)
    return 1


def _tell_it(tell: Teller, folder: Path, stack_options: list[str]) -> None:
    with ThreadPoolExecutor(1) as pool, receiving() as receiver:
        fetched = pool.submit(fetch_devkit, CACHE)
        tell.step("The stack comes up: real servers and services, each its own process")
        for line in bring_up(folder, stack_options):
            tell.say(line)
        with closing(DemoStack(folder)) as stack, closing(open_desk(stack.gateway_settings(), "demo")) as desk:
            tell.step("The official ILSVRC2012 development kit becomes a challenge")
            kit = fetched.result()
            story.publish_devkit(tell, desk, stack, kit, folder)
            _run_the_contest(tell, desk, stack, kit, receiver)


def _run_the_contest(tell: Teller, desk: Desk, stack: DemoStack, kit: Devkit, receiver: Receiver) -> None:
    simulator = Simulator(kit.labels)
    tell.step("The winners of 2010–2017, SIMULATED at their published errors, and the kit's own file")
    stage = story.OneMachine(desk, stack)
    story.fill_the_board(tell, stage, kit, simulator)
    tell.step('You are a team: "you"')
    you = story.be_a_team(tell, desk, stack, simulator, receiver)
    tell.step("A scorer is killed in mid-job")
    story.kill_a_scorer(tell, stage, simulator)
    tell.step("Look around")
    found_team(desk, "guest")
    story.show_around(tell, stack, you, make_key(desk, "guest", "demo").text())


if __name__ == "__main__":
    status = main()
    # Nothing is left to collect; without this Python looks through everything once more, for most of a second.
    gc.freeze()
    sys.exit(status)
