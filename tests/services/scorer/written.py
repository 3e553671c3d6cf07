"""Writes the same guesses in every format and numbering, as participants would."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Spelled = Sequence[Sequence[int | str]]
"""For each image its guesses, as the file calls them."""


def npy(array: np.ndarray[Any, Any]) -> bytes:
    """An array as numpy.save writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(*arrays: np.ndarray[Any, Any], folded: bool = False, **named: np.ndarray[Any, Any]) -> bytes:
    """Arrays as numpy.savez writes them."""
    file = io.BytesIO()
    save: Callable[..., None] = np.savez_compressed if folded else np.savez
    save(file, *arrays, **named)
    return file.getvalue()


def text(guesses: Spelled) -> bytes:
    """One line per image."""
    return "".join(" ".join(map(str, row)) + "\n" for row in guesses).encode()


def json_rows(guesses: Spelled) -> bytes:
    """Rows in file order, without spaces."""
    return json.dumps(guesses, separators=(",", ":")).encode()


def json_named(pattern: str, guesses: Spelled, order: Sequence[int] | None = None, ending: str = "") -> bytes:
    """Rows by name, indented, in any order."""
    numbers = range(1, len(guesses) + 1) if order is None else order
    named = {pattern.format(number) + ending: list(guesses[number - 1]) for number in numbers}
    return json.dumps({"predictions": named}, indent=1).encode()


def scores(columns: Sequence[Sequence[int]], categories: int) -> np.ndarray[Any, Any]:
    """(images, categories) float64 in which each row's `columns` are highest, in that order."""
    filled = np.zeros((len(columns), categories))
    for row, best in zip(filled, columns, strict=True):
        row[list(best)] = np.linspace(1, 0.5, len(best))
    return filled


ARRAYS: dict[str, Callable[[np.ndarray[Any, Any]], bytes]] = {
    "npy": npy,
    "npy in Fortran order": lambda array: npy(np.asfortranarray(array)),
    "npy, big end first": lambda array: npy(array.astype(array.dtype.newbyteorder(">"))),
    "npz": npz,
    "npz, folded": lambda array: npz(array, folded=True),
    "npz in Fortran order, folded": lambda array: npz(np.asfortranarray(array), folded=True),
    "npz among others": lambda array: npz(other=np.zeros(1), predictions=array),
}
"""By what they are called: ways to store one array."""
