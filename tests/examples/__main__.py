"""`make examples`: an environment with all that the programs of `examples/` ask for, and the tests of them with it.

What to install is read from the programs' own headings, in the newest versions that these admit: it is what a reader gets
who runs them today. Several GB, most of it PyTorch's.
"""

import os
import subprocess
import sys

import pytest

from tests.examples.programs import PYTHON, ROOT, dependencies, programs

FOLDER = ROOT / ".cache" / "examples"
TESTS = ("tests/examples", "tests/system/test_examples.py", "tests/services/gateway/courier/test_receivers.py")


def main() -> int:
    """Make the environment, or renew it, and run the tests; their exit code."""
    wanted = sorted({str(each) for program in programs() for each in dependencies(program)})
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    python = str(FOLDER / "bin" / "python")
    print(f"installing {', '.join(wanted)} into {FOLDER.relative_to(ROOT)}")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", *wanted], check=True)
    os.environ[PYTHON] = python
    return pytest.main(["-v", "--durations=0", *(str(ROOT / place) for place in TESTS), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
