"""Where the official outputs and real data are: copies in tests/data always, the rest where it is at hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "tests" / "data" / "golden"
SHARED = ROOT.parent / "shared"
REAL = SHARED / "data" / "ilsvrc2012"

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real ILSVRC2012 files are not at {REAL}")


def golden(kind: str) -> list[Path]:
    """The folders of the official cases of `kind`: those kept here, and those beside the repository."""
    found = {folder.name: folder for folder in (SHARED / "golden" / kind).glob("*")}
    found |= {folder.name: folder for folder in (KEPT / kind).iterdir()}
    return [found[name] for name in sorted(found)]
