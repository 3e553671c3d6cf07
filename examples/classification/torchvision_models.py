# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow>=11", "torch>=2.6", "torchvision>=0.21"]
# ///
"""Runs any classifier of torchvision in batches and writes the five best of each image as a line of text.

    python torchvision_models.py IMAGES --model resnet50
    python client.py submit predictions.txt --labels model-zoo --challenge ilsvrc2012 --task classification --split validation

`--weights none` takes random ones, for a trial without a download.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.models import get_model, get_model_weights


class Folder(Dataset[torch.Tensor]):
    """The images of a folder, in the alphabetical order of their names: that is the order of the lines."""

    def __init__(self, folder: Path, transform: Callable[[Image.Image], torch.Tensor]) -> None:
        self.paths = sorted(folder.iterdir())
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as image:
            return self.transform(image.convert("RGB"))


def main() -> None:
    """Predict a folder; torchvision knows how each of its models wants its images prepared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--weights", choices=("default", "none"), default="default")
    parser.add_argument("--workers", type=int, default=2, help="processes that read images")
    parser.add_argument("--output", type=Path, default=Path("predictions.txt"))
    options = parser.parse_args()

    weights = get_model_weights(options.model).DEFAULT
    model = get_model(options.model, weights=weights if options.weights == "default" else None).eval()
    images = Folder(options.images, weights.transforms())
    with torch.inference_mode(), options.output.open("w") as file:
        for batch in DataLoader(images, batch_size=64, num_workers=options.workers):
            for row in model(batch).topk(5).indices.tolist():
                file.write(" ".join(map(str, row)) + "\n")


if __name__ == "__main__":
    main()
