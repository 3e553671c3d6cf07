"""Scene parsing, 2,000 masks of 512 × 683: a submission against its truth, beside decoding all its PNGs with Pillow."""

import io
import zipfile

import numpy as np
from PIL import Image

from benchmarks.page import rewrite
from benchmarks.turns import OURS, Goal, named, table, timed
from services.scorer.protocol import Case
from services.scorer.tasks import scene_parsing

MASKS, HEIGHT, WIDTH, CATEGORIES, ROUNDS = 2_000, 512, 683, 150, 5


def main() -> None:
    """Measure, print the table, rewrite the section."""
    random = np.random.default_rng(2016)
    truth, data = (_archive(random) for _ in range(2))
    case = Case(images=MASKS, categories=CATEGORIES)

    def ours() -> object:
        known = scene_parsing.read_truth(case, truth)
        return scene_parsing.score(scene_parsing.parse(case, data, known), known)

    def decode() -> None:
        for archive in (truth, data):
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                for name in opened.namelist():
                    np.asarray(Image.open(io.BytesIO(opened.read(name))))

    peer = named("pillow", "decoding the PNGs of both alone")
    title = f"{MASKS:,} masks {HEIGHT} × {WIDTH} and as many true ones ({len(data) / 1e6:.0f} MB each)"
    text = table(title, timed({OURS: ours, peer: decode}, ROUNDS), Goal(peer, 1 / 3))
    print(text)
    rewrite("scene-parsing", text)


def _archive(random: np.random.Generator) -> bytes:
    """Masks of regions with straight edges, as PNGs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(1, MASKS + 1):
            coarse = random.integers(0, CATEGORIES + 1, (8, 11), np.uint8)
            labels = coarse.repeat(HEIGHT // 8, axis=0).repeat(WIDTH // 11 + 1, axis=1)[:, :WIDTH]
            png = io.BytesIO()
            Image.fromarray(labels).save(png, "png")
            archive.writestr(f"image_{number:08d}.png", png.getvalue())
    return packed.getvalue()


if __name__ == "__main__":
    main()
