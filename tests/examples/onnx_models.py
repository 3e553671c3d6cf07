"""A small ONNX model, written field by field as the format has them: no package is needed to make one.

Numbers of fields are those of onnx.proto; each message is a run of fields, as protocol buffers are.
"""

import numpy as np
import numpy.typing as npt

SIDE = 224
FLOAT = 1


def linear(weights: npt.NDArray[np.float32]) -> bytes:
    """A classifier of images 1 × 3 × 224 × 224 by their mean colours: `weights` is 3 × categories."""
    nodes = (
        node("GlobalAveragePool", ["pixels"], "mean"),
        node("Flatten", ["mean"], "colours"),
        node("MatMul", ["colours", "weights"], "scores"),
    )
    graph = b"".join(field(1, each) for each in nodes)
    graph += field(2, "linear") + field(5, tensor("weights", weights))
    graph += field(11, value("pixels", (1, 3, SIDE, SIDE))) + field(12, value("scores", (1, weights.shape[1])))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def node(operator: str, taken: list[str], given: str) -> bytes:
    """A step from some named values to another."""
    return b"".join(field(1, name) for name in taken) + field(2, given) + field(4, operator)


def tensor(name: str, content: npt.NDArray[np.float32]) -> bytes:
    """A constant."""
    shape = b"".join(field(1, size) for size in content.shape)
    return shape + field(2, FLOAT) + field(8, name) + field(9, content.astype("<f4").tobytes())


def value(name: str, shape: tuple[int, ...]) -> bytes:
    """What goes in or comes out."""
    sizes = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, sizes)))


def field(number: int, content: bytes | str | int) -> bytes:
    """A numbered field: a whole number, or bytes with their length before them."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    filling = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(filling)) + filling


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])
