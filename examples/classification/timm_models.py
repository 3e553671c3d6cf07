# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow>=11", "timm>=1.0", "torch>=2.6"]
# ///
"""Runs any classifier of timm and writes the five best by the images' names, as JSON: the order does not matter then.

    python timm_models.py IMAGES --model convnext_tiny.fb_in1k
    python client.py submit guesses.json --labels model-zoo --challenge ilsvrc2012 --task classification --split validation

`--weights none` takes random ones, for a trial without a download.
"""

import argparse
import json
from pathlib import Path

import timm
import torch
from PIL import Image

BATCH = 64


def main() -> None:
    """Predict a folder; timm knows how each of its models wants its images prepared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("--model", default="resnet50.a1_in1k", help="one of 1000 categories: …_in1k")
    parser.add_argument("--weights", choices=("default", "none"), default="default")
    parser.add_argument("--output", type=Path, default=Path("guesses.json"))
    options = parser.parse_args()

    model = timm.create_model(options.model, pretrained=options.weights == "default").eval()
    if model.num_classes != 1000:
        parser.error(f"{options.model} has {model.num_classes} categories: it was not made for ILSVRC's 1000")
    prepare = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)

    predictions: dict[str, list[int]] = {}
    paths = sorted(options.images.iterdir())
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        with torch.inference_mode():
            scores = model(torch.stack([prepare(Image.open(path).convert("RGB")) for path in batch]))
        best = scores.topk(5).indices.tolist()
        predictions |= {path.stem: row for path, row in zip(batch, best, strict=True)}
    options.output.write_text(json.dumps({"predictions": predictions}))


if __name__ == "__main__":
    main()
