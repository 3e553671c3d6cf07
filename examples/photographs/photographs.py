# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow>=11", "scikit-image>=0.25"]
# ///
"""Writes the test set of the challenge beside it: three photographs that come with scikit-image.

python photographs.py images
python ../classification/efficientnet_lite.py images
python client.py submit predictions.txt --labels model-zoo --challenge photographs --task classification --split test
"""

import sys
from pathlib import Path

from PIL import Image
from skimage import data


def main() -> None:
    """A cat, an espresso and a rocket, in this order."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, photograph in enumerate((data.chelsea, data.coffee, data.rocket), start=1):
        Image.fromarray(photograph()).save(folder / f"photograph_{number}.png")


if __name__ == "__main__":
    main()
