"""Makes thousands of submissions of a few: rows copied by SQL, objects by S3, each under its own id and key.

Scoring ten thousand files would say nothing more about a backup. The ledger's lines are added, never changed.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID, uuid4

import psycopg

from deploy.stack.addresses import Addresses
from shared.keys import REPORTS, SUBMISSIONS, report_key, submission_key
from shared.storage import Storage

THREADS = 8
LARGEST_BYTES = 2**24

ORIGINALS = """
    SELECT s.team_id, s.id, e.id, e.attempt FROM submissions s JOIN evaluations e ON e.submission_id = s.id
    WHERE s.challenge = 'drill' AND s.split = 'before' ORDER BY s.created_at
"""

COPIES = """
    CREATE TEMPORARY TABLE copies (number int, team uuid, old uuid, new uuid, old_evaluation uuid, new_evaluation uuid);
"""

# Whatever columns the tables have: a copy is the original but for what is named here.
SUBMISSION_ROWS = """
    INSERT INTO submissions SELECT (jsonb_populate_record(s, jsonb_build_object(
        'id', c.new, 'object_key', c.team || '/' || c.new,
        'entry_id', CASE WHEN s.entry_id IS NULL THEN NULL ELSE c.new END))).*
    FROM copies c JOIN submissions s ON s.id = c.old
"""

EVALUATION_ROWS = """
    INSERT INTO evaluations SELECT (jsonb_populate_record(e, jsonb_build_object(
        'id', c.new_evaluation, 'submission_id', c.new))).*
    FROM copies c JOIN evaluations e ON e.id = c.old_evaluation
"""

EVENT_ROWS = """
    INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object(
        'id', gen_random_uuid(), 'submission_id', c.new,
        'position', t.told + row_number() OVER (PARTITION BY c.team ORDER BY c.number, e.sequence),
        'data', replace(replace(e.data::text, c.old::text, c.new::text),
                        c.old_evaluation::text, c.new_evaluation::text)::jsonb))).*
    FROM copies c JOIN events e ON e.submission_id = c.old JOIN teams t ON t.id = c.team
"""

TOLD = "UPDATE teams SET told = (SELECT coalesce(max(position), 0) FROM events WHERE team_id = teams.id)"

LEDGER_LINES = """
    INSERT INTO postings
        (submission, team, pool, kind, fault, at, expires_at, places, window_seconds, forgiven_per_day)
    SELECT c.new, p.team, p.pool, p.kind, p.fault, p.at, p.expires_at, p.places, p.window_seconds, p.forgiven_per_day
    FROM copies c JOIN postings p ON p.submission = c.old ORDER BY c.number, p.posting
"""

Copy = tuple[int, UUID, UUID, UUID, UUID, UUID]
Original = tuple[UUID, UUID, UUID, int]


def multiply(addresses: Addresses, wanted: int) -> None:
    """Bring the drill's submissions to `wanted`, spread evenly over those that were scored."""
    with psycopg.connect(addresses.database_url("gateway")) as gateway:
        originals: list[Original] = gateway.execute(ORIGINALS).fetchall()
        copies = _planned(originals, wanted - len(originals))
        # The objects first: no row may name what is not there.
        _copy_objects(addresses, originals, copies)
        _fill(gateway, copies, SUBMISSION_ROWS, EVALUATION_ROWS, EVENT_ROWS, TOLD)
    with psycopg.connect(addresses.database_url("quota")) as quota:
        _fill(quota, copies, LEDGER_LINES)


def _planned(originals: list[Original], count: int) -> list[Copy]:
    chosen = (originals[number % len(originals)] for number in range(count))
    return [(number, team, old, uuid4(), run, uuid4()) for number, (team, old, run, _) in enumerate(chosen)]


def _fill(connection: "psycopg.Connection", copies: list[Copy], *statements: str) -> None:
    connection.execute(COPIES)
    with connection.cursor().copy("COPY copies FROM STDIN") as rows:
        for copy in copies:
            rows.write_row(copy)
    for statement in statements:
        connection.execute(statement)


def _copy_objects(addresses: Addresses, originals: list[Original], copies: list[Copy]) -> None:
    with closing(Storage(addresses.storage_address("admin"))) as storage, ThreadPoolExecutor(THREADS) as pool:
        content = {
            old: (
                storage.read(SUBMISSIONS, submission_key(team, old), LARGEST_BYTES),
                storage.read(REPORTS, report_key(run, attempt), LARGEST_BYTES),
                attempt,
            )
            for team, old, run, attempt in originals
        }

        def put(copy: Copy) -> None:
            _, team, old, new, _, run = copy
            file, report, attempt = content[old]
            storage.put(SUBMISSIONS, submission_key(team, new), file)
            storage.put(REPORTS, report_key(run, attempt), report)

        for _ in pool.map(put, copies):
            pass
