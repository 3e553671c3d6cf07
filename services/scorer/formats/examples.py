"""Small files in every format and numbering, good and broken, for three images `image_0001` … of three categories.

Run once at a scorer's start (`evaluate.warm`), they load all that the readers need: behind its walls nothing is opened.
"""

import io
from typing import Any

import numpy as np

from shared.challenge import Numbering

IMAGE_NAMES = "image_{:04d}"


def _npy(array: np.ndarray[Any, Any], *, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def _npz(*arrays: np.ndarray[Any, Any], folded: bool = False) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if folded else np.savez)(file, *arrays)
    return file.getvalue()


def _damaged(archive: bytes) -> bytes:
    """With another byte behind the first header: 30 bytes, arr_0.npy, and 20 bytes for sizes above 4 GB."""
    place = 30 + 9 + 20 + 20
    return archive[:place] + bytes([archive[place] ^ 0xFF]) + archive[place + 1 :]


_IDS = np.array([[1, 2], [2, 3], [3, 0]])
_SCORES = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [-np.inf, -np.inf, 0]])
_FLAT = np.full((3, 3), np.nan)
_ZEROS = np.zeros((3, 5000), np.int64)

OTHERS: tuple[tuple[Numbering, bytes], ...] = (
    # Text.
    ("model-zoo", b"0 1 2\n1\n999\n"),
    ("kaggle", b"1 2 3\n0\n4\n"),
    ("wnid", b"n02119789 n02100735\n0\nn00015388, n03255030\n"),
    ("wnid", b"n02119789 n99999999\n\n7 \xff\xc3\xa9 cat,,\r n021197890 0\n"),
    ("wnid", b"n02119789\n\0\n"),
    ("ilsvrc", b"1 " * 2**20),
    # JSON as programs write it, then what is read piece by piece.
    ("ilsvrc", b'{"predictions": {"image_0002": [1, 2], "image_0001": [3], "image_0003": []}}'),
    ("model-zoo", b"[[0, 1], [1], [2]]"),
    ("kaggle", b'{"image_0001": [1],\n "image_0002.JPEG": [1, 70000],\n "image_0\\u0030\\ud83d3": []}'),
    ("wnid", b'{"predictions": [["n02119789", "n02100735"], [], ["n00015388"]]}'),
    ("wnid", b'[["n02119789", "n99999999", 7], ["cat\xff", -1, NaN], []]'),
    ("ilsvrc", b'[[1.5, -1, 99999999999, "7", null, 1e3], [1, 2, 3]]'),
    ("ilsvrc", b'{"image_0001": [1], "image_0001": [1], "image_0009": [1], "\xc3\xa9": [1]}'),
    *(
        ("ilsvrc", text)
        for text in (b"{", b"[", b"{}", b"[]", b"[[", b"[1]", b'{"a": 1}', b"[[[1]]]", b"[[01]]", b"[[1]] 2", b'{"a')
    ),
    ("ilsvrc", b'{"predictions": [], "method": "x"}'),
    # Arrays of ids.
    ("ilsvrc", _npy(_IDS)),
    ("model-zoo", _npy(np.asfortranarray(_IDS.astype(">i2")))),
    ("kaggle", _npz(_IDS, folded=True)),
    ("ilsvrc", _npy(_IDS[:, 0].astype(np.uint8))),
    ("wnid", _npy(_IDS)),
    ("ilsvrc", _npy(_IDS - 4)),
    ("ilsvrc", _npy(_IDS.astype(np.uint64) + np.uint64(2**63))),
    # Arrays of scores.
    ("ilsvrc", _npy(_SCORES)),
    ("model-zoo", _npy(_SCORES.astype(np.float32))),
    ("wnid", _npz(_SCORES.astype(">f2"))),
    ("ilsvrc", _npy(_FLAT)),
    # What is no such array.
    *(("ilsvrc", _npy(array)) for array in (_IDS[:2], _SCORES[:, :2], _IDS > 1, _IDS[None], np.array(["1", "2", "3"]))),
    ("ilsvrc", _npy(_IDS.astype(object), allow_pickle=True)),
    ("ilsvrc", _npy(_IDS)[:-1]),
    ("ilsvrc", b"\x93NUMPY\x01\x00\x02\x00{}"),
    ("ilsvrc", b"\x93NUMPY\x09\x00"),
    ("ilsvrc", _npz(_IDS, _IDS)),
    ("ilsvrc", _npz(*[_IDS] * 20)),
    ("ilsvrc", _npz(_ZEROS, folded=True)),
    ("ilsvrc", _npz(_IDS)[:-30]),
    *(("ilsvrc", _damaged(_npz(_IDS, folded=folded))) for folded in (True, False)),
)
"""(numbering, content)."""

BOXES: tuple[tuple[Numbering, bytes], ...] = (
    # Text.
    ("model-zoo", b"0 1 2 3 4\n0\n1 1 2 3 4 2 5 5 6 6.5\n"),
    ("wnid", b"n02119789 1 2 3 4\n0\nn00001740, 1 2 3 4\n"),
    ("wnid", b"n02119789 1 2 3 4\n0\nn99999999 1 n02119789 3 4 7 1 1 1 1\n"),
    ("wnid", b"n02119789 1 2 3 4\n102119789 1 2 3 4\n0\n"),
    # Kaggle's CSV.
    ("ilsvrc", b"ImageId,PredictionString\nimage_0002,1 0 0 9 9\nimage_0001,2 0 0 9 9 1 1 1 1 1 \r\nimage_0003,\n"),
    ("wnid", b"ImageId,PredictionString\nimage_0002.JPEG,n02119789 0 0 9 9\nimage_1,\nimage_0002,\nimage_9,"),
    ("kaggle", b"ImageId,PredictionString\nimage_0002,1 0 0\nimage_0001,\nimage_0003,x\n"),
    ("kaggle", b"ImageId,PredictionString\nimage_0002,1 0 0\nimage_0001\nimage_0003,x\n"),
    # JSON.
    (
        "ilsvrc",
        b'{"predictions": {"image_0002": [[1, 0, 0.5, 9e1, 9]], "image_0001": [], "image_0003": [[2,1,1,1,1]]}}',
    ),
    ("wnid", b'[[["n02119789", 0, 0, 9, 9]], [], [["n00001740", -1, 1, 1, 1]]]'),
    ("wnid", b'[[["n99999999", 0, 0, 9, 9]], [], [[1, "1", NaN, 1e999, 1]]]'),
    ("ilsvrc", b'[[[1, 0, 0, 9]], 7, [["1", 0, 0, 9, 9]]]'),
    ("ilsvrc", b'{"image_0001": [[1.5, 0, 0, 9, 9]], "image_0001": [[-1, 0, true, 9, 9, 3]], "image_0009": [1]}'),
    ("ilsvrc", _npy(_IDS)),
)
"""The same for guesses with boxes: (numbering, content)."""
