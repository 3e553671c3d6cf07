"""An object that S3 lists and does not give: every point is published all the same, says what it lacks, and gets it later."""

import dataclasses
import http.client
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.backup.catalogue import Contents, contents_of
from deploy.backup.keeping import Keeping, Plan, Source
from deploy.backup.listing import as_table
from deploy.backup.place import Place
from deploy.backup.points import Point
from deploy.backup.restoring import restore
from deploy.backup.verifying import verify_point
from deploy.stack.addresses import Addresses
from deploy.stack.problem import Trouble
from services.gateway.migrations import FOLDER as MIGRATIONS
from shared.clock import utc_now
from shared.digests import digest_of
from shared.errors import Unavailable
from shared.keys import SUBMISSIONS
from shared.migrations import migrate
from shared.storage import Storage


class Between(http.server.BaseHTTPRequestHandler):
    """Passes on what is asked of S3 at `port`, but has lost the objects whose paths are `lost`; all of it when `down`."""

    protocol_version = "HTTP/1.1"
    port: int
    lost: set[str]
    down: bool

    def do_GET(self) -> None:
        """Answer as S3 does, or as it does when it has lost something."""
        if self.down or self.path in self.lost:
            self._answer(500, b"<Error><Code>InternalError</Code></Error>")
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", self.path, headers=dict(self.headers))
        answer = connection.getresponse()
        self._answer(answer.status, answer.read())
        connection.close()

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def between(addresses: Addresses, *lost: str) -> Iterator[tuple[Addresses, type[Between]]]:
    """S3 as it is reached through such a server, and the means to change what it has lost."""
    handler = type("Lossy", (Between,), {"port": addresses.ports["s3"], "lost": set(lost), "down": False})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield dataclasses.replace(addresses, ports={**addresses.ports, "s3": server.server_port}), handler
        server.shutdown()


def contents(place: Place, point: Point) -> Contents:
    return contents_of(place.catalogue(point.base), point.catalogue_bytes, point.catalogue_digest)


@pytest.fixture
def keys(storage: Storage) -> list[str]:
    """Two objects."""
    keys = [f"{uuid4()}/{uuid4()}" for _ in range(2)]
    for key in keys:
        storage.put(SUBMISSIONS, key, key.encode())
    return keys


def test_points_go_on_name_what_they_lack_and_have_it_when_it_can_be_read_again(
    source: Source, place: Place, keys: list[str], tmp_path: Path
) -> None:
    # A restore looks into the tables.
    migrate(source.addresses.database_url("gateway"), MIGRATIONS)
    good, bad = keys
    told: list[str] = []
    with between(source.addresses, f"/{SUBMISSIONS}/{bad}") as (addresses, s3):
        keeping = Keeping(Source(addresses, source.secrets), place, Plan(), told.append, utc_now)
        first, second = keeping.point(), keeping.point()
        s3.lost.clear()
        third = keeping.point()
        keeping.close(for_good=True)
    assert [point.lacking for point in (first, second, third)] == [1, 1, 0]
    assert list(contents(place, second).lacking) == [(SUBMISSIONS, bad)]
    assert contents(place, second).objects[SUBMISSIONS, good].digest == digest_of(good.encode())
    assert contents(place, third).objects[SUBMISSIONS, bad].digest == digest_of(bad.encode())
    assert sum(f"{SUBMISSIONS}/{bad} is listed and cannot be read" in line for line in told) == 1, "said once"
    shown = [re.split(" {2,}", line)[4] for line in as_table(place, utc_now()).splitlines()]
    assert shown[:3] == ["lacking", "1", "1"]
    with pytest.raises(Trouble, match=f"lacks 1 objects .*{bad}"):
        verify_point(place, second)
    verify_point(place, third)

    said: list[str] = []
    restore(place, second, tmp_path / "again", said.append)
    assert [line for line in said if "LACKING" in line and bad in line]


def test_a_store_that_does_not_answer_at_all_still_makes_no_point(
    source: Source, place: Place, keys: list[str]
) -> None:
    with between(source.addresses) as (addresses, s3):
        keeping = Keeping(Source(addresses, source.secrets), place, Plan(), lambda _: None, utc_now)
        s3.down = True
        with pytest.raises(Unavailable):
            keeping.point()
        keeping.close(for_good=True)
    assert keys
    assert not list(place.points.iterdir())
