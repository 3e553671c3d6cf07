"""A run: the batch is asked for, what the server wants is sent, and what becomes of each model is taken in."""

import queue
from dataclasses import dataclass

from services.gateway.client.answers import content_of
from services.gateway.client.endings import STOPPED, Ending, Json
from services.gateway.client.server import Server
from services.gateway.client.zoo.crew import Crew, News
from services.gateway.client.zoo.models import Zoo
from services.gateway.client.zoo.results import Results
from services.gateway.client.zoo.screens import Screen, screen_for

TICK_SECONDS = 0.5


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
    batch: Json = content_of(server.ask("POST", ("batches",), server.patience(), json=zoo.batch()))
    results = Results(zoo, batch["models"])
    screen = screen_for(zoo, headline, results)
    try:
        if not results.settled:
            see_through(Crew(server, batch["id"], zoo), results, screen, parallel)
    except KeyboardInterrupt:
        ending = Ending(STOPPED, "stopped; what has arrived is evaluated", "  the same command goes on")
        return Run(batch["id"], results, ending)
    except Ending as ending:
        ending.lines.append("  the same command goes on")
        return Run(batch["id"], results, ending)
    finally:
        screen.close()
    return Run(batch["id"], results)


def see_through(crew: Crew, results: Results, screen: Screen, parallel: int) -> None:
    """Until every model is through; raises the `Ending` that comes before."""
    crew.start(results.wanted(), parallel)
    while not results.settled:
        try:
            take(crew.news.get(timeout=TICK_SECONDS), results, screen)
        except queue.Empty:
            screen.tick()


def take(news: News, results: Results, screen: Screen) -> None:
    """Take one piece of news in."""
    if news.view is not None:
        screen.changed(results.learn(news.view))
    elif news.refused is not None and news.ending is not None:
        screen.changed(results.refuse(results.position(news.refused), news.ending))
    elif news.ending is not None:
        raise news.ending
    elif news.line is not None:
        screen.told(news.line)
