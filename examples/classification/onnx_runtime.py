# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "onnxruntime>=1.20", "pillow>=11"]
# ///
"""Runs an ONNX classifier with ONNX Runtime and writes the five best of each image as a line of text.

    python onnx_runtime.py IMAGES model.onnx
    python client.py submit predictions.txt --labels model-zoo --challenge ilsvrc2012 --task classification --split validation

The model takes images × 3 × height × width and gives images × 1000, as those exported from torchvision and timm do.
Their categories count from 0 in the alphabetical order of WNIDs: `--labels model-zoo` says so to the server.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image, ImageOps

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
GUESSES = 5


def main() -> None:
    """Predict the images in the alphabetical order of their names: that is the order of the lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("model", type=Path)
    parser.add_argument("--mean", type=float, nargs=3, default=MEAN, help="of the colours, from 0 to 1, in training")
    parser.add_argument("--deviation", type=float, nargs=3, default=DEVIATION)
    parser.add_argument("--output", type=Path, default=Path("predictions.txt"))
    options = parser.parse_args()

    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    side = taken.shape[-1] if isinstance(taken.shape[-1], int) else 224
    with options.output.open("w") as file:
        for path in sorted(options.images.iterdir()):
            pixels = (prepared(path, side) - options.mean) / options.deviation
            batch = pixels.transpose(2, 0, 1)[np.newaxis].astype(np.float32)
            (scores,) = session.run(None, {taken.name: batch})[0]
            best = np.argsort(-scores, kind="stable")[:GUESSES]
            file.write(" ".join(map(str, best)) + "\n")


def prepared(path: Path, side: int) -> npt.NDArray[np.float64]:
    """The middle of an image as RGB from 0 to 1, side × side × 3: seven eighths of its shorter edge, as in training."""
    with Image.open(path) as image:
        fitted = ImageOps.fit(image.convert("RGB"), (side * 8 // 7, side * 8 // 7), Image.Resampling.BILINEAR)
    edge = (fitted.width - side) // 2
    return np.asarray(fitted.crop((edge, edge, edge + side, edge + side)), np.float64) / 255


if __name__ == "__main__":
    main()
