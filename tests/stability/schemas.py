"""Whether content that was right by an old schema is right by a new one: what clients send, and what they can read.

What they send must fit the new schema; what is answered must fit the old one. So both are one question, whether one
schema lies within another, asked in opposite directions; but answers may have fields that nobody knew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

Schema = dict[str, Any]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("format", "pattern", "multipleOf", "uniqueItems")


@dataclass(frozen=True, slots=True)
class Option:
    """One of the forms that a schema allows, and the name it goes by, if it has one."""

    schema: Schema
    name: str | None = None

    @property
    def type(self) -> str | None:
        """None: anything."""
        return self.schema.get("type")

    @property
    def values(self) -> list[Any] | None:
        """The values that are allowed; None: all of the type."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum")


@dataclass(frozen=True, slots=True)
class Comparison:
    """An old and a new document's named schemas; `asked` is of requests, otherwise of answers."""

    old_names: dict[str, Schema]
    new_names: dict[str, Schema]
    asked: bool
    seen: frozenset[tuple[str, str]] = frozenset()

    def breaks(self, old: Schema, new: Schema, place: str) -> list[str]:
        """What a client of the old schema runs into, each with its place."""
        olds, news = list(options(old, self.old_names)), list(options(new, self.new_names))
        inner, outer = (olds, news) if self.asked else (news, olds)
        found = [reason for option in inner for reason in self._misfits(option, outer, place)]
        if self.asked and "default" in old and old["default"] != new.get("default"):
            found.append(f"{place}: is {new.get('default')!r} by default, was {old['default']!r}")
        return found

    def _misfits(self, inner: Option, outer: list[Option], place: str) -> list[str]:
        """Why `inner` fits none of the options in `outer`, told of the one that it fits best."""
        tries = [self._within(inner, option, place) for option in outer if _may_fit(inner, option)]
        if not tries:
            what = "is no longer taken" if self.asked else "may come now"
            return [f"{place}: {inner.type or 'anything'} {what}"]
        return min(tries, key=len)

    def _within(self, inner: Option, outer: Option, place: str) -> list[str]:
        old, new = (inner, outer) if self.asked else (outer, inner)
        if (pair := (old.name or "", new.name or "")) in self.seen:
            return []
        deeper = replace(self, seen=self.seen | {pair}) if all(pair) else self
        found = [f"{place}: {old.name} is named {new.name}"] if old.name and old.name != new.name else []
        found += [f"{place}: {reason}" for reason in _limits(inner, outer)]
        return found + deeper._fields(old, new, place) + deeper._rest(old, new, place) + deeper._items(old, new, place)

    def _fields(self, old: Option, new: Option, place: str) -> list[str]:
        before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
        had, has = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
        found = [f"{place}.{name}: is gone" for name in before.keys() - after.keys()]
        if self.asked:
            found += [f"{place}.{name}: is required now" for name in has - had]
        else:
            found += [f"{place}.{name}: may be missing now" for name in (had - has) & after.keys()]
        for name in before.keys() & after.keys():
            found += self.breaks(before[name], after[name], f"{place}.{name}")
        return sorted(found)

    def _rest(self, old: Option, new: Option, place: str) -> list[str]:
        """Fields without a name of their own: maps, and what is taken besides."""
        before, after = old.schema.get("additionalProperties", True), new.schema.get("additionalProperties", True)
        if isinstance(before, dict):
            return [reason for value in self._values(new) for reason in self.breaks(before, value, f"{place}.*")]
        if self.asked and before is True and after is not True:
            return [f"{place}: takes no other fields now"]
        return []

    def _values(self, new: Option) -> list[Schema]:
        """What a map's values are now. Where an answer names its fields by now, they are those."""
        rest, named = new.schema.get("additionalProperties"), list(new.schema.get("properties", {}).values())
        if isinstance(rest, dict):
            return [rest]
        return [{}] if self.asked or not named else named

    def _items(self, old: Option, new: Option, place: str) -> list[str]:
        before, after = old.schema.get("prefixItems", []), new.schema.get("prefixItems", [])
        pairs = [(f"{place}[{at}]", before[at], after[at]) for at in range(min(len(before), len(after)))]
        if len(before) != len(after):
            return [f"{place}: has {len(after)} places of their own, had {len(before)}"]
        if "items" in old.schema or "items" in new.schema:
            pairs.append((f"{place}[]", old.schema.get("items", {}), new.schema.get("items", {})))
        return [reason for name, one, other in pairs for reason in self.breaks(one, other, name)]


def options(schema: Schema, named: dict[str, Schema], name: str | None = None) -> Iterator[Option]:
    """Every form that `schema` allows, references followed and alternatives written out."""
    if "$ref" in schema:
        target = schema["$ref"].rsplit("/", 1)[1]
        yield from options(named[target], named, target)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        around = {key: schema[key] for key in (*EXACT, *LOWER, *UPPER, "enum") if key in schema}
        for alternative in alternatives:
            yield from options(around | alternative, named, name)
    elif isinstance(schema.get("type"), list):
        for kind in schema["type"]:
            yield Option(schema | {"type": kind}, name)
    else:
        yield Option(schema, name)


def _may_fit(inner: Option, outer: Option) -> bool:
    return outer.type in (None, inner.type) or (inner.type, outer.type) == ("integer", "number")


def _limits(inner: Option, outer: Option) -> list[str]:
    """By which of its limits `outer` shuts out something that `inner` allows."""
    found = [
        f"{key} {outer.schema[key]!r}, not {inner.schema.get(key)!r}" for key in EXACT if _differs(inner, outer, key)
    ]
    found += [_told(inner, outer, key) for key in LOWER if _is_beyond(inner, outer, key, sign=1)]
    found += [_told(inner, outer, key) for key in UPPER if _is_beyond(inner, outer, key, sign=-1)]
    if outer.values is not None:
        beyond = [value for value in inner.values or () if value not in outer.values]
        if inner.values is None or beyond:
            found.append(f"of {outer.values}, not also {beyond or 'others'}")
    return found


def _differs(inner: Option, outer: Option, key: str) -> bool:
    return key in outer.schema and inner.schema.get(key) != outer.schema[key]


def _is_beyond(inner: Option, outer: Option, key: str, sign: int) -> bool:
    if key not in outer.schema:
        return False
    return key not in inner.schema or sign * inner.schema[key] < sign * outer.schema[key]


def _told(inner: Option, outer: Option, key: str) -> str:
    return f"{key} {outer.schema[key]}, not {inner.schema.get(key, 'without')}"
