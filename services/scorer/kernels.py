"""Compiles the loops that arrays cannot say: numba where it is installed, plain Python, slower and equal, where not.

Kernels state their types, so that they are compiled (or loaded from numba's cache) at import and never in a job. All
are serial: a process that has started threads cannot be forked.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

try:
    import numba
    from llvmlite import binding as llvm  # type: ignore[import-untyped]
    from numba.core.caching import UserProvidedCacheLocator
except ImportError:
    numba = None  # type: ignore[assignment]
    UserProvidedCacheLocator = object  # type: ignore[assignment, misc]

COMPILED = numba is not None
"""Whether kernels run as machine code. Only ever asked for speed: results are the same."""

HERE = Path(__file__).parent

_COMPLETE = "complete"
"""A file beside kept kernels that says that all are there: nothing will be written any more."""


class KeptKernels(UserProvidedCacheLocator):
    """Where numba finds what is kept. It asks for a folder that can be written; one that is complete need not be."""

    def ensure_cache_path(self) -> None:
        """Make the folder, where that can be done."""
        with contextlib.suppress(OSError):
            super().ensure_cache_path()  # type: ignore[no-untyped-call]


def _folder() -> Path | None:
    """Where compiled kernels are kept: a complete folder, else one that can be written; None if there is neither.

    They are looked for beside the sources, and then where `NUMBA_CACHE_DIR` says.
    """
    config: Any = numba.config
    places = [HERE / "__pycache__", *([Path(config.CACHE_DIR)] if config.CACHE_DIR else [])]
    folders = [place / f"kernels-{_state()}" for place in places]
    complete = (folder for folder in folders if (folder / _COMPLETE).exists())
    folder = next(complete, None) or next(filter(_writable, folders), None)
    if folder is not None:
        config.CACHE_DIR = str(folder)
        config.CACHE_LOCATOR_CLASSES = f"{__name__}.{KeptKernels.__name__}"
    return folder


def _state() -> str:
    """What kernels are compiled from and for. numba itself looks at a kernel's own file, and not at others it calls."""
    state = hashlib.sha256()
    for path in sorted([*HERE.glob("*/*.py"), Path(__file__)]):
        state.update(path.read_bytes())
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    state.update(repr((numba.__version__, sys.version, *processor)).encode())
    return state.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


KEPT = _folder() if COMPILED else None
"""The folder of compiled kernels, for the next start. None: each start compiles them anew."""

_kernels: list[Any] = []


def compiled_now() -> int:
    """How many kernels this process had to compile, not finding them kept."""
    return sum(sum(each.stats.cache_misses.values()) for each in _kernels)


def seal() -> None:
    """Say that all kernels are kept. To be called when every module that has some was imported."""
    if KEPT is not None and not (KEPT / _COMPLETE).exists():
        (KEPT / _COMPLETE).touch()


TEXT = "Array(uint8, 1, 'C', True)"
"""The type of bytes that are only read; mapped files are such."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(signature: str = "") -> Callable[[Kernel], Kernel]:
    """Compile a function for `signature`, in numba's notation; without one, for the kernels that call it."""

    def compiled(function: Kernel) -> Kernel:
        if not COMPILED:
            return function
        types = [signature] if signature else None
        compiler = partial(numba.njit, nogil=True, error_model="numpy", cache=KEPT is not None)
        _kernels.append(compiler(types)(function))
        return _kernels[-1]  # type: ignore[no-any-return]

    return compiled
