"""YAML as far as model cards need it: blocks of mappings and lists, every text in double quotes. Pure."""

from collections.abc import Iterator, Mapping, Sequence

Node = str | bool | int | float | Sequence["Node"] | Mapping[str, "Node"]


def block_yaml(node: Node) -> str:
    """`node` as a document; a mapping's keys are plain words."""
    return "".join(f"{line}\n" for line in _lines(node))


def _lines(node: Node) -> Iterator[str]:
    if _is_leaf(node):
        yield _scalar(node)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _under(f"{key}:", value)
    elif isinstance(node, Sequence):
        for value in node:
            first, *rest = _lines(value)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)


def _is_leaf(node: Node) -> bool:
    """Whether it stands on one line."""
    return isinstance(node, str) or not isinstance(node, Mapping | Sequence) or not node


def _under(key: str, value: Node) -> Iterator[str]:
    if _is_leaf(value):
        yield f"{key} {_scalar(value)}"
        return
    yield key
    # Lists stand under their key without a step, as in model cards.
    step = "  " if isinstance(value, Mapping) else ""
    yield from (f"{step}{line}" for line in _lines(value))


def _scalar(value: Node) -> str:
    if isinstance(value, str):
        return f'"{"".join(map(_letter, value))}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | Sequence):
        return "{}" if isinstance(value, Mapping) else "[]"
    number = repr(value)
    # A number with an exponent is one in YAML 1.1 only if it has a point.
    return number.replace("e", ".0e") if "e" in number and "." not in number else number


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 2**8 else f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"
