"""Kernels are for speed only: without numba the same files get the same findings, to the last bit."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.scorer.kernels import COMPILED
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


def printed(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


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
