"""Models of batches that were wanted and never came: given up, by the courier's sweep."""

from services.gateway.desk import Desk
from services.gateway.store import batches
from shared.errors import Missing
from shared.problems import problem_content


def give_up_overdue(desk: Desk, limit: int) -> int:
    """Refuse models that were wanted and never came in time; returns how many. Posted again, they are wanted anew."""
    now = desk.clock()
    error = Missing(
        "model-never-came",
        "the file of this model was not sent in time",
        "post the same manifest again: the model is wanted anew",
    )
    with desk.database.begin() as session:
        overdue = batches.overdue(session, now, limit)
    given_up = 0
    for batch in overdue:
        with desk.database.begin() as session:
            given_up += batches.give_up(session, batch, now, problem_content(error))
    return given_up
