"""A run: the batch is asked for, what the server wants is sent, and what becomes of each model is taken in."""

import queue
from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.client.answers import content_of, server_time
from services.gateway.client.endings import STOPPED, Ending, Json, code_of
from services.gateway.client.needed import httpx
from services.gateway.client.server import Server
from services.gateway.client.zoo.crew import Crew, News
from services.gateway.client.zoo.models import Zoo
from services.gateway.client.zoo.results import Results
from services.gateway.client.zoo.screens import Screen, screen_for

TICK_SECONDS = 0.5
TOO_MANY = "too-many-manifests"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: the batch (None where nothing could be sent), each model, and why it ended before all were through."""

    batch: str | None
    results: Results
    ending: Ending | None = None


def run_of(server: Server, zoo: Zoo, headline: str, parallel: int) -> Run:
    """Ask for the batch, once more where the same was asked for before, and see it through.

    The server knows the batch by what it says. So the same command goes on where an earlier one ended, from anywhere.
    """
    if not zoo.sendable():
        return Run(None, Results(zoo, []))
    answer = asked_for(server, zoo)
    batch: Json = content_of(answer)
    results = Results(zoo, batch["models"])
    wanted = results.wanted(server_time(answer))
    screen = screen_for(zoo, headline, results)
    crew = Crew(server, batch["id"], zoo, parallel)
    try:
        if wanted or not results.settled:
            crew.start(wanted, results.change)
            see_through(crew, results, screen, wanted)
    except KeyboardInterrupt:
        ending = Ending(STOPPED, "stopped; what has arrived is evaluated", "  the same command goes on")
        return Run(batch["id"], results, ending)
    except Ending as ending:
        ending.lines.append("  the same command goes on")
        return Run(batch["id"], results, ending)
    finally:
        crew.stop()
        screen.close()
    return Run(batch["id"], results)


def asked_for(server: Server, zoo: Zoo) -> httpx.Response:
    """The answer with the batch; waits for its turn where many are asked for."""
    while True:
        try:
            return server.ask("POST", ("batches",), server.patience(), json=zoo.manifest())
        except Ending as ending:
            if code_of(ending) != TOO_MANY or not server.patience().pause(ending.lines[0], ending.retry_after_seconds):
                raise


def see_through(crew: Crew, results: Results, screen: Screen, wanted: Sequence[int]) -> None:
    """Until every model is through; raises the `Ending` that comes before."""
    results.expect(wanted)
    while not results.settled:
        try:
            take(crew.news.get(timeout=TICK_SECONDS), results, screen)
        except queue.Empty:
            screen.tick()


def take(news: News, results: Results, screen: Screen) -> None:
    """Take one piece of news in."""
    if news.view is not None:
        screen.changed(results.learn(news.view))
    elif news.sending is not None:
        screen.changed(results.begin(news.sending))
    elif news.refused is not None and news.ending is not None:
        screen.changed(results.refuse(news.refused, news.ending))
    elif news.ending is not None:
        raise news.ending
    elif news.line is not None:
        screen.told(news.line)
