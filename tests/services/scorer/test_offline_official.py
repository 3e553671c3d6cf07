"""The official cases through the offline command's own function, files and parts as people give them."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from services.scorer.offline import SCORED, Wanted, score
from tests.services.scorer.official import golden
from tests.services.scorer.tasks import test_localization, test_video_tracking


def scored(kind: str, folder: Path, truth: bytes, beside: Path) -> dict[str, Any]:
    parts = {"truth": truth}
    if zipfile.is_zipfile(io.BytesIO(truth)):
        with zipfile.ZipFile(io.BytesIO(truth)) as bundle:
            parts = {name: bundle.read(name) for name in bundle.namelist()}
    paths = {name: beside / name for name in parts}
    for name, part in parts.items():
        paths[name].write_bytes(part)
    code, told = score(Wanted(kind, as_json=True), folder / "pred.txt", paths.pop("truth"), paths)
    assert code == SCORED, told
    answer: dict[str, Any] = json.loads(told)
    return answer


def expected(folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return answer


def near(value: float | None) -> Any:
    return value if value is None else pytest.approx(value, abs=1e-12, rel=0)


@pytest.mark.parametrize("folder", golden("flat"), ids=lambda folder: folder.name)
def test_flat(folder: Path, tmp_path: Path) -> None:
    metrics = scored("classification", folder, (folder / "gt.txt").read_bytes(), tmp_path)["metrics"]
    assert list(metrics.values()) == [near(value) for value in expected(folder)["flat_error"]]


@pytest.mark.parametrize("folder", golden("clsloc"), ids=lambda folder: folder.name)
def test_localization_cases(folder: Path, tmp_path: Path) -> None:
    metrics = scored("localization", folder, test_localization.truth_of(folder), tmp_path)["metrics"]
    for name, official in (("error", "cls_error"), ("localization_error", "clsloc_error")):
        values = [metrics.get(f"top_{k}_{name}") for k in range(1, 6)]
        assert values == [near(value) for value in expected(folder)[official]]


@pytest.mark.parametrize("folder", golden("track"), ids=lambda folder: folder.name)
def test_tracks(folder: Path, tmp_path: Path) -> None:
    answer = scored("video-tracking", folder, test_video_tracking.truth_of(folder), tmp_path)
    names = {"": "ap_mean_over_thr", "_at_25": "ap_025", "_at_50": "ap_050", "_at_75": "ap_075"}
    for end, official in names.items():
        values = [line["metrics"][f"average_precision{end}"] for line in answer["categories"]]
        assert values == [near(value) for value in expected(folder)[official]]
