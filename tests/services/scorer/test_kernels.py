"""Kernels are for speed only: without numba the same files get the same findings, to the last bit."""

import asyncio
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.scorer.kernels import COMPILED
from services.scorer.sandbox import Bounds, Crashed, Sandbox, walls
from tests.services.scorer import toy
from tests.services.scorer.boxes import official
from tests.services.scorer.official import KEPT, ROOT

WITHOUT = "import sys; sys.modules['numba'] = None\n"

SCORE = """
import sys
from pathlib import Path
from services.scorer.evaluate import find
from services.scorer.kernels import COMPILED
from services.scorer.protocol import Case
from services.scorer.tasks import find_task
kind, predictions, truth = sys.argv[1:]
print(COMPILED, find(find_task(kind), Case(), Path(predictions).read_bytes(), Path(truth).read_bytes()))
"""


def printed(program: str, *arguments: object, folder: Path = ROOT, kept: Path | None = None) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    variables = os.environ | ({"NUMBA_CACHE_DIR": str(kept)} if kept else {})
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("kind", "case", "track"), [("detection", "det", ""), ("video-detection", "vid", "-1")])
def test_without_numba_the_findings_are_the_same(kind: str, case: str, track: str, tmp_path: Path) -> None:
    folder = sorted((KEPT / case).iterdir())[-1]
    truth = tmp_path / "truth.zip"
    truth.write_bytes(official(folder, track)[0])
    compiled, plain = (printed(program, kind, folder / "pred.txt", truth) for program in (SCORE, WITHOUT + SCORE))
    assert COMPILED
    assert plain.startswith("False Findings")
    assert plain.removeprefix("False") == compiled.removeprefix("True")


COMPILATIONS = """
from numba.core import event
with event.install_recorder("numba:compile") as started:
    from services.scorer.evaluate import warm
with event.install_recorder("numba:compile") as later:
    warm()
print(len(started.buffer), len(later.buffer))
"""


def test_kernels_are_kept_from_one_start_to_the_next_and_no_job_compiles() -> None:
    first, second = (printed(COMPILATIONS).split() for _ in range(2))
    assert second == ["0", "0"]
    assert first[1] == "0"


BOUNDS = Bounds(wall_seconds=20, cpu_seconds=20, memory_bytes=2**30)


def test_a_warm_parent_finds_every_kernel_kept_before_its_first_job(caplog: pytest.LogCaptureFixture) -> None:
    async def boot_line() -> str:
        sandbox = Sandbox(BOUNDS)
        with caplog.at_level(logging.INFO, "services.scorer.sandbox"):
            await sandbox.start()
            await sandbox.close()
        return caplog.messages[-1]

    assert printed("from services.scorer.evaluate import warm; warm()") == ""
    assert "kernels compiled" not in asyncio.run(boot_line())


@pytest.mark.skipif(not walls.filtered(), reason="no system call filter on this kind of machine")
def test_a_child_that_compiles_is_stopped_so_that_no_job_ever_pays_for_it(caplog: pytest.LogCaptureFixture) -> None:
    async def tried() -> None:
        sandbox = Sandbox(BOUNDS, {"evaluate": "tests.services.scorer.compiling:evaluate"})
        try:
            with toy.files(b"1") as files:
                await sandbox.run(toy.brief(b"1"), files, lambda _: None)
        finally:
            await sandbox.close()

    with pytest.raises(Crashed):
        asyncio.run(tried())
    assert "compiled after all" not in caplog.text


KERNELS = """
from services.scorer import kernels
from services.scorer.metrics import matching
print(kernels.compiled_now(), kernels.KEPT)
"""


READ = """
from services.scorer import kernels
from services.scorer.formats.table import Grammar, read_table
from services.scorer.formats.table_kernel import DECIMAL
from services.scorer.formats.wording import IDS
table = read_table(b"1 2.5\\n-0.1e-3 12345678901234567890\\n", Grammar({"x": DECIMAL, "y": DECIMAL}, IDS))
print(kernels.compiled_now(), kernels.KEPT, *map(repr, table.values.ravel().tolist()))
"""


def unwritable_tree(folder: Path) -> Path:
    """A copy of the product where nothing can be kept beside the sources, not even by root."""
    for part in ("services", "shared"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "services" / "scorer" / "__pycache__").touch()
    return folder


def test_where_the_sources_cannot_be_written_kernels_are_kept_in_the_other_folder(tmp_path: Path) -> None:
    tree, kept = unwritable_tree(tmp_path / "tree"), tmp_path / "kept"
    first, second = (printed(KERNELS, folder=tree, kept=kept).split() for _ in range(2))
    assert int(first[0]) > 0
    assert second[0] == "0"
    assert Path(second[1]).parent == kept


def test_where_no_folder_can_be_written_each_start_compiles_and_reads_the_same(tmp_path: Path) -> None:
    tree, kept = unwritable_tree(tmp_path / "tree"), tmp_path / "kept"
    kept.touch()
    compiled, folder, *values = printed(READ, folder=tree, kept=kept).split()
    assert (int(compiled) > 0, folder) == (True, "None")
    assert values == printed(READ).split()[2:]
    assert len(values) == 4


def test_a_complete_folder_serves_where_nothing_can_be_written_any_more(tmp_path: Path) -> None:
    tree, kept = unwritable_tree(tmp_path / "tree"), tmp_path / "kept"
    program = KERNELS + "print(kernels.seal())"
    printed(program, folder=tree, kept=kept)
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*") if path.is_file()}
    assert printed(program, folder=tree, kept=kept).startswith("0 ")
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*") if path.is_file()} == before
