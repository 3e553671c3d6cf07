"""Compiles the loops that arrays cannot say: numba where it is installed, plain Python, slower and equal, where not.

Kernels state their types, so that they are compiled (or loaded from numba's cache) at import and never in a job. All
are serial: a process that has started threads cannot be forked.
"""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

try:
    import numba
except ImportError:
    numba = None  # type: ignore[assignment]

COMPILED = numba is not None
"""Whether kernels run as machine code. Only ever asked for speed: results are the same."""

HERE = Path(__file__).parent


def _kept() -> bool:
    """Choose the folder for compiled kernels: one for each state of the sources. Whether it can be written.

    numba itself looks at a kernel's own file only: a change in another that it calls would leave the old code in use.
    """
    state = hashlib.sha256()
    for path in sorted(HERE.glob("*/*.py")):
        state.update(path.read_bytes())
    config: Any = numba.config
    folder = Path(config.CACHE_DIR or HERE / "__pycache__") / f"kernels-{state.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    config.CACHE_DIR = str(folder)
    return os.access(folder, os.W_OK)


KEPT = COMPILED and _kept()
"""Whether compiled kernels are kept for the next start. `NUMBA_CACHE_DIR` names another place for them."""

TEXT = "Array(uint8, 1, 'C', True)"
"""The type of bytes that are only read; mapped files are such."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(signature: str = "") -> Callable[[Kernel], Kernel]:
    """Compile a function for `signature`, in numba's notation; without one, for the kernels that call it."""

    def compiled(function: Kernel) -> Kernel:
        if not COMPILED:
            return function
        types = [signature] if signature else None
        compiler = partial(numba.njit, nogil=True, error_model="numpy", cache=KEPT)
        return compiler(types)(function)  # type: ignore[return-value]

    return compiled
