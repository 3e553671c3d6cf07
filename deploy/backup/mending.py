"""Parts of open uploads that were put together just after a point, and therefore deleted, are asked for again.

Everything else that a restored database names is among the objects of its point.
"""

from uuid import UUID

import psycopg

from deploy.backup.catalogue import Kept, Where
from deploy.stack.addresses import Addresses
from shared.keys import SUBMISSIONS, part_key

PARTS = """
    SELECT submissions.team_id, upload_parts.upload_id, upload_parts.number, upload_parts.digest
    FROM upload_parts JOIN submissions ON submissions.id = upload_parts.upload_id
    WHERE submissions.state = 'open'
"""


def forget_lost_parts(addresses: Addresses, objects: dict[Where, Kept]) -> int:
    """Have the database forget parts that are not among `objects`; returns how many. Teams see them as missing."""
    with psycopg.connect(addresses.database_url("gateway")) as connection:
        lost = [row for row in connection.execute(PARTS).fetchall() if _where(*row) not in objects]
        for _, upload, number, _ in lost:
            connection.execute("DELETE FROM upload_parts WHERE upload_id = %s AND number = %s", [upload, number])
    return len(lost)


def _where(team: UUID, upload: UUID, number: int, digest: str) -> Where:
    return SUBMISSIONS, part_key(team, upload, number, digest)
