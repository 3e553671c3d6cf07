"""The classifiers of `examples/`: how each is told to work without a network, and what it leaves."""

import json
import re
from pathlib import Path

import numpy as np

from shared.challenge import Numbering
from tests.examples.onnx_models import linear
from tests.examples.programs import CLASSIFIERS, run

WITHOUT_DOWNLOAD = {
    "efficientnet_lite.py": (),
    "keras_models.py": ("--weights", "none"),
    "numpy_loop.py": (),
    "onnx_runtime.py": ("model.onnx",),
    "timm_models.py": ("--weights", "none", "--model", "resnet18"),
    "torchvision_models.py": ("--weights", "none", "--model", "resnet18"),
}

SUBMIT = re.compile(r"python client\.py (submit .*)")


def predicted(name: str, pictures: Path, folder: Path) -> Path:
    """Run a classifier over a folder of pictures; the file that it tells to submit."""
    (folder / "model.onnx").write_bytes(linear(np.random.default_rng(7).normal(size=(3, 1000)).astype(np.float32)))
    run(CLASSIFIERS / name, pictures, *WITHOUT_DOWNLOAD[name], folder=folder)
    return folder / told(CLASSIFIERS / name)[1]


def told(program: Path) -> list[str]:
    """The arguments of client.py that a program tells in its heading: submit FILE …"""
    found = SUBMIT.search(program.read_text(encoding="utf-8"))
    assert found, f"{program.name} does not say how its file is submitted"
    return found[1].split()


def numbering(program: Path) -> Numbering:
    """How a program's file names categories, as it says."""
    return "model-zoo" if "model-zoo" in told(program) else "ilsvrc"


def guesses(path: Path) -> list[list[int]]:
    """The ids in a file, image by image in the order of their names."""
    if path.suffix == ".npy":
        return [[int(each) for each in row] for row in np.load(path)]
    if path.suffix == ".json":
        return [row for _, row in sorted(json.loads(path.read_text())["predictions"].items())]
    return [list(map(int, line.split())) for line in path.read_text().splitlines()]
