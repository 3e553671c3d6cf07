"""Each classifier of `examples/` predicts a folder of pictures, and the scorer takes what it writes as it is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.scorer.offline import ACCEPTED, Definition, Wanted, check
from tests.examples.classifiers import WITHOUT_DOWNLOAD, guesses, numbering, predicted
from tests.examples.onnx_models import linear
from tests.examples.pictures import MODES, TWINS
from tests.examples.programs import CLASSIFIERS, ROOT, programs, run

ILSVRC = Definition(ROOT / "deploy" / "challenges" / "ilsvrc2012", "classification", "validation")

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255), (200, 180, 20))


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of one colour each, of which anybody can say what a linear model makes."""
    folder = tmp_path_factory.mktemp("flat")
    for number, colour in enumerate(COLOURS):
        Image.new("RGB", (90 + number, 70), colour).save(folder / f"{number}.png")
    return folder


def test_every_classifier_is_tried() -> None:
    assert {program.name for program in programs() if program.parent == CLASSIFIERS} == WITHOUT_DOWNLOAD.keys()


@pytest.mark.parametrize("name", sorted(WITHOUT_DOWNLOAD))
def test_what_a_classifier_writes_is_taken_as_it_says(name: str, pictures: Path, tmp_path: Path) -> None:
    path = predicted(name, pictures, tmp_path)
    code, said = check(Wanted("classification", numbering(CLASSIFIERS / name), ILSVRC), path, images=len(MODES))
    assert code == ACCEPTED, said
    assert "note" not in said, "five guesses an image, each of another category that the challenge has"
    rows = guesses(path)
    one, other = TWINS
    assert rows[one] == rows[other], "the same picture under another name"


def test_onnx_runtime_guesses_what_the_model_says_of_each_image(flat: Path, tmp_path: Path) -> None:
    weights = np.random.default_rng(3).normal(size=(3, 1000)).astype(np.float32)
    (tmp_path / "model.onnx").write_bytes(linear(weights))
    run(CLASSIFIERS / "onnx_runtime.py", flat, "model.onnx", folder=tmp_path)
    colours = (np.array(COLOURS) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    best = np.argsort(-(colours @ weights), axis=1)[:, :5]
    assert guesses(tmp_path / "predictions.txt") == best.tolist()


def test_the_plain_loop_guesses_what_the_weights_say_by_ids_that_count_from_one(flat: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    by_colour, bias = draw.normal(size=(3, 40)), draw.normal(size=40)
    np.savez(tmp_path / "weights.npz", weight=np.tile(by_colour, (32 * 32, 1)) / 32**2, bias=bias)
    run(CLASSIFIERS / "numpy_loop.py", flat, "--weights", "weights.npz", folder=tmp_path)
    best = np.argsort(-(np.array(COLOURS) / 255 @ by_colour + bias), axis=1)[:, :5] + 1
    assert guesses(tmp_path / "predictions.txt") == best.tolist()
