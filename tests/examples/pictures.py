"""Pictures as a split has them: of every colour mode that ILSVRC's files have, and named as its files are."""

from pathlib import Path

import numpy as np
from PIL import Image

MODES = ("RGB", "L", "RGB", "CMYK", "RGB", "P")
TWINS = (0, 4)
"""Two of the pictures are the same."""


def paint(folder: Path) -> Path:
    """Fill a folder with six pictures, in another order than that of their names."""
    for number in reversed(range(len(MODES))):
        draw = np.random.default_rng(TWINS[0] if number in TWINS else number)
        width, height = map(int, draw.integers(60, 300, 2))
        blotches = Image.fromarray(draw.integers(0, 256, (4, 5, 3), np.uint8))
        picture = blotches.resize((width, height), Image.Resampling.BICUBIC).convert(MODES[number])
        # One of ILSVRC's files is a PNG, whatever its name says.
        kind = "png" if MODES[number] == "P" else "jpeg"
        picture.save(folder / f"ILSVRC2012_val_{number + 1:08d}.JPEG", kind)
    return folder
