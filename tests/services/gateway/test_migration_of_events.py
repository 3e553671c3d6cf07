"""Events from before the feed are placed in it by the migration, each team's in order of time; and it can be undone."""

import contextlib
from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from services.gateway.commands import MIGRATIONS
from services.gateway.desk import Desk

OLD = """
INSERT INTO teams (id, name, created_at) VALUES (:team, :name, now());
INSERT INTO submissions (id, team_id, challenge, task, split, state, method, description, track, object_key,
                         created_at, deadline_at)
VALUES (:submission, :team, 'tiny', 'classification', 'test', 'sealed', '', '', 'provided', '', now(), now());
"""
EVENT = """
INSERT INTO events (id, team_id, submission_id, sequence, type, data, at)
VALUES (:id, :team, :submission, :sequence, 'evaluation.scored', '{}', now() - make_interval(days => :days))
"""


@pytest.fixture
def connection(desk: Desk) -> Iterator[Connection]:
    """A connection whose tables are in a schema of their own."""
    schema = f"old_{uuid4().hex[:12]}"
    engine = create_engine(desk.database.engine.url, connect_args={"options": f"-c search_path={schema}"})
    with contextlib.closing(engine.connect()) as opened:
        opened.execute(text(f"CREATE SCHEMA {schema}"))
        yield opened
        opened.rollback()
    engine.dispose()


def move(connection: Connection, version: str, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, version)


def tell_before(connection: Connection, *days_ago: int) -> str:
    """A team with one submission and an event for each of the days; the team's id."""
    team, submission = str(uuid4()), str(uuid4())
    for statement in filter(str.strip, OLD.split(";")):
        connection.execute(text(statement), {"team": team, "submission": submission, "name": team})
    for sequence, days in enumerate(days_ago, start=1):
        about = {"id": str(uuid4()), "team": team, "submission": submission, "sequence": sequence, "days": days}
        connection.execute(text(EVENT), about)
    return team


def test_events_from_before_are_placed_in_order_of_time(connection: Connection) -> None:
    move(connection, "0005")
    one, other, silent = (tell_before(connection, *days) for days in ((1, 3, 2), (5,), ()))
    move(connection, "0006")
    placed = connection.execute(text("SELECT team_id::text, sequence, position FROM events ORDER BY team_id, position"))
    assert sorted(map(tuple, placed)) == sorted([(one, 2, 1), (one, 3, 2), (one, 1, 3), (other, 1, 1)])
    told = connection.execute(text("SELECT id::text, told FROM teams"))
    assert sorted(map(tuple, told)) == sorted([(one, 3), (other, 1), (silent, 0)])


def test_the_migration_can_be_undone_and_done_again(connection: Connection) -> None:
    move(connection, "0006")
    move(connection, "0005", down=True)
    move(connection, "0006")
    assert connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one() == 0
