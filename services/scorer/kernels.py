"""Compiles the loops that arrays cannot say: numba where it is installed, plain Python, slower and equal, where not.

Kernels state their types, so that they are compiled (or loaded from numba's cache) at import and never in a job. All
are serial: a process that has started threads cannot be forked.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

try:
    from numba import njit
except ImportError:
    njit = None  # type: ignore[assignment]

COMPILED = njit is not None
"""Whether kernels run as machine code. Only ever asked for speed: results are the same."""

TEXT = "Array(uint8, 1, 'C', True)"
"""The type of bytes that are only read; mapped files are such."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(signature: str = "") -> Callable[[Kernel], Kernel]:
    """Compile a function for `signature`, in numba's notation; without one, for the kernels that call it."""

    def compiled(function: Kernel) -> Kernel:
        if not COMPILED:
            return function
        types = [signature] if signature else None
        compile_for = partial(njit, types, nogil=True, error_model="numpy")
        try:
            return compile_for(cache=True)(function)  # type: ignore[return-value]
        except RuntimeError:
            # No folder to keep it in: compiled at each start.
            return compile_for()(function)  # type: ignore[return-value]

    return compiled
