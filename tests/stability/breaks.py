"""What in a new OpenAPI document breaks a client that was made for an old one. Additions never do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.stability.schemas import Comparison

Content = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
WIRE = ("type", "scheme", "in", "name", "openIdConnectUrl")


def breaks(old: Content, new: Content) -> list[str]:
    """Each break with its place, sorted; none where every client of `old` goes on working with `new`."""
    return sorted({reason for pair in _operations(old, new) for reason in pair.breaks()})


@dataclass(frozen=True, slots=True)
class _Pair:
    """One operation in both documents; `new` is None where it is gone."""

    place: str
    old: Content
    new: Content | None
    asked: Comparison
    answered: Comparison
    old_ways: list[frozenset[str]]
    new_ways: list[frozenset[str]]

    def breaks(self) -> Iterator[str]:
        if self.new is None:
            yield f"{self.place}: is gone"
            return
        yield from self._name(self.new)
        yield from self._parameters(self.new)
        yield from self._body(self.new)
        yield from self._answers(self.new)
        yield from self._security()

    def _name(self, new: Content) -> Iterator[str]:
        """By its id and first tag, a generated client names the function and its module."""
        for key, before, after in (
            ("operationId", self.old.get("operationId"), new.get("operationId")),
            ("first tag", *(operation.get("tags", [""])[0] for operation in (self.old, new))),
        ):
            if before != after:
                yield f"{self.place}: {key} is {after}, was {before}"

    def _parameters(self, new: Content) -> Iterator[str]:
        before, after = _by_name(self.old), _by_name(new)
        for name in before.keys() - after.keys():
            yield f"{self.place} {name}: is gone"
        for name, parameter in after.items():
            if parameter.get("required") and not before.get(name, {}).get("required"):
                yield f"{self.place} {name}: is required now"
        for name in before.keys() & after.keys():
            yield from self.asked.breaks(before[name]["schema"], after[name]["schema"], f"{self.place} {name}")

    def _body(self, new: Content) -> Iterator[str]:
        before, after = self.old.get("requestBody"), new.get("requestBody")
        place = f"{self.place} body"
        if after and after.get("required") and not (before and before.get("required")):
            yield f"{place}: is required now"
        if before:
            yield from _contents(self.asked, before, after or {}, place)

    def _answers(self, new: Content) -> Iterator[str]:
        before, after = self.old["responses"], new["responses"]
        for status in before.keys() - after.keys():
            yield f"{self.place} {status}: is gone"
        for status in after.keys() - before.keys():
            if status.startswith("2"):
                yield f"{self.place} {status}: is a success that nobody expects"
        for status in before.keys() & after.keys():
            yield from _contents(self.answered, before[status], after[status], f"{self.place} {status}")

    def _security(self) -> Iterator[str]:
        """Every way in that there was must still be enough."""
        for way in self.old_ways:
            if not any(needed <= way for needed in self.new_ways):
                yield f"{self.place}: {' and '.join(sorted(way)) or 'no key'} is not enough now"


def _operations(old: Content, new: Content) -> Iterator[_Pair]:
    old_names, new_names = (document.get("components", {}).get("schemas", {}) for document in (old, new))
    comparisons = Comparison(old_names, new_names, asked=True), Comparison(old_names, new_names, asked=False)
    for path, operations in old["paths"].items():
        for method in [method for method in METHODS if method in operations]:
            before, after = operations[method], new["paths"].get(path, {}).get(method)
            ways = _ways(before, old), _ways(after or {}, new)
            yield _Pair(f"{method.upper()} {path}", before, after, *comparisons, *ways)


def _ways(operation: Content, document: Content) -> list[frozenset[str]]:
    """What is enough to be let in, by what it is on the wire; its name in the document is nobody's business."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    told = {name: " ".join(each[key] for key in WIRE if key in each) for name, each in schemes.items()}
    return [frozenset(told[name] for name in needed) for needed in operation.get("security") or [{}]]


def _by_name(operation: Content) -> dict[str, Content]:
    """Parameters by place and name; those of headers whatever their case."""
    parameters = operation.get("parameters", ())
    return {
        f"{each['in']} {each['name'].lower() if each['in'] == 'header' else each['name']}": each for each in parameters
    }


def _contents(comparison: Comparison, old: Content, new: Content, place: str) -> Iterator[str]:
    """Of one body, media type by media type."""
    before, after = old.get("content", {}), new.get("content", {})
    for media in before.keys() - after.keys():
        yield f"{place} {media}: is gone"
    for media in before.keys() & after.keys():
        yield from comparison.breaks(
            before[media].get("schema", {}), after[media].get("schema", {}), f"{place} {media}"
        )
