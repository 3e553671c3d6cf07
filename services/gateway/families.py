"""How models are told from their revisions: `ResNet-50@v2` is revision v2 of the family ResNet-50. Pure."""

from dataclasses import dataclass

MARK = "@"


@dataclass(frozen=True, slots=True)
class Named:
    """A method's name, taken apart; `revision` is empty where it has none."""

    family: str
    revision: str


def named(method: str) -> Named:
    """What a method's name says: split at its last `@`; without a name before it or a revision behind it, all is name."""
    family, mark, revision = (part.strip() for part in method.rpartition(MARK))
    return Named(family, revision) if mark and family and revision else Named(method.strip(), "")


def spelled(name: str, revision: str) -> str:
    """The method's name of a revision, which `named` takes apart again; a revision has no `@` in it."""
    return f"{name}{MARK}{revision}" if revision else name
