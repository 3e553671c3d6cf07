# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.5", "keras>=3.8", "numpy>=2", "pillow>=11"]
# ///
"""Runs a classifier of keras.applications and writes the five best of each image as a NumPy array of ids.

    KERAS_BACKEND=jax python keras_models.py IMAGES --model mobilenet_v2.MobileNetV2
    python client.py submit predictions.npy --labels model-zoo --challenge ilsvrc2012 --task classification --split validation

TensorFlow and PyTorch serve as KERAS_BACKEND as well. `--weights none` takes random ones, for a trial without a download.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

BATCH = 64


def main() -> None:
    """Predict the images in the alphabetical order of their names: that is the order of the array's rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, help="a folder with the images of the split and nothing else")
    parser.add_argument("--model", default="mobilenet_v2.MobileNetV2", help="module.Class of keras.applications")
    parser.add_argument("--weights", choices=("default", "none"), default="default")
    parser.add_argument("--output", type=Path, default=Path("predictions.npy"))
    options = parser.parse_args()

    # How images are prepared is the module's: from 0 to 255, from -1 to 1, with means taken off …
    family, name = options.model.split(".")
    module = getattr(keras.applications, family)
    model = getattr(module, name)(weights="imagenet" if options.weights == "default" else None)
    size = model.input_shape[1:3]

    best = []
    paths = sorted(options.images.iterdir())
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        images = [keras.utils.load_img(path, target_size=size, keep_aspect_ratio=True) for path in batch]
        pixels = np.stack([keras.utils.img_to_array(image) for image in images])
        scores = model.predict(module.preprocess_input(pixels), verbose=0)
        best.append(np.argsort(-scores, kind="stable")[:, :5])
    np.save(options.output, np.concatenate(best).astype(np.int16))


if __name__ == "__main__":
    main()
