# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "pillow>=11"]
# ///
"""A model of your own in a plain loop: reads images one by one, keeps the five best ids, writes a line for each.

    python numpy_loop.py IMAGES --weights weights.npz
    python client.py submit predictions.txt --challenge ilsvrc2012 --task classification --split validation

The model is linear in an image's 32 × 32 × 3 colours: `weight` (3072 × categories) and `bias`. Put yours into `scores`.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE, CATEGORIES, GUESSES = 32, 1000, 5
Scores = npt.NDArray[np.float64]


def main() -> None:
    """Predict every image of the folder, in the alphabetical order of the file names: that is the order of the lines."""
    options = arguments()
    weight, bias = model(options.weights)
    with options.output.open("w") as file:
        for path in sorted(options.images.iterdir()):
            best = np.argsort(-scores(path, weight, bias), kind="stable")[:GUESSES]
            # Ids of the challenge count from 1, columns from 0.
            file.write(" ".join(str(column + 1) for column in best) + "\n")


def scores(path: Path, weight: Scores, bias: Scores) -> Scores:
    """How likely each category is. Some images are grey, and a few are CMYK: make all of them RGB."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB").resize((SIZE, SIZE)), np.float64) / 255
    return pixels.ravel() @ weight + bias


def model(path: Path | None) -> tuple[Scores, Scores]:
    """The weights kept in `path`; without one drawn at random, to try the way to the server."""
    if path is None:
        return np.random.default_rng(0).normal(size=(SIZE * SIZE * 3, CATEGORIES)), np.zeros(CATEGORIES)
    kept = np.load(path)
    return kept["weight"], kept["bias"]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("--weights", type=Path, help="weights.npz; without it the weights are random")
    parser.add_argument("--output", type=Path, default=Path("predictions.txt"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
