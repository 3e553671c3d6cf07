"""Real models and official cases over HTTP: the numbers on the board are the official evaluator's, digit by digit."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.stack.programs import ROOT
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

BESIDE = ROOT.parent / "shared"
DATA = BESIDE / "data" / "ilsvrc2012"
ALL_CASES = BESIDE / "golden" / "flat"
GOLDEN = ALL_CASES if ALL_CASES.exists() else ROOT / "tests" / "data" / "golden" / "flat"
TRUTH = DATA / "ILSVRC2012_validation_ground_truth.txt"


@pytest.mark.skipif(not DATA.exists(), reason="the real models' predictions lie beside the repository, not in it")
def test_the_errors_of_real_models_are_the_official_ones_flat_and_hierarchical(organiser: Organiser) -> None:
    organiser.publish(ROOT / "deploy" / "challenges" / "ilsvrc2012", f"classification/validation={TRUTH}")
    visitor = organiser.found("ilsvrc2012", "validation", "ilsvrc2012-validation")
    with (DATA / "expected_errors.tsv").open() as file:
        expected = {row["submission"]: row for row in csv.DictReader(file, delimiter="\t")}

    def metrics(name: str) -> dict[str, float]:
        outcome = visitor.scored((DATA / name).read_bytes(), name)
        found: dict[str, float] = outcome["evaluation"]["metrics"]
        return found

    with ThreadPoolExecutor(4) as pool:
        scored = dict(zip(expected, pool.map(metrics, expected), strict=True))
    assert len(scored) == 9
    for name, row in expected.items():
        for k in range(1, 6):
            assert scored[name][f"top_{k}_error"] == pytest.approx(float(row[f"flat@{k}"]), abs=1e-12)
            assert scored[name][f"top_{k}_hierarchical_error"] == pytest.approx(float(row[f"hier@{k}"]), abs=1e-12)
        assert scored[name]["hierarchical_error"] == scored[name]["top_5_hierarchical_error"]


@pytest.mark.parametrize("case", sorted(GOLDEN.iterdir()), ids=lambda case: case.name)
def test_an_official_case_scores_over_http_what_the_official_evaluator_printed(
    organiser: Organiser, case: Path, tmp_path: Path
) -> None:
    challenge = organiser.host(tmp_path, (case / "gt.txt").read_bytes())
    outcome = organiser.found(challenge).scored((case / "pred.txt").read_bytes(), "official case")
    metrics = outcome["evaluation"]["metrics"]
    expected = json.loads((case / "expected.json").read_text())["flat_error"]
    assert [metrics[f"top_{k}_error"] for k in range(1, 6)] == pytest.approx(expected, abs=1e-12)
