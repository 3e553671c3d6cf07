"""From the text of a manifest to its models. What is wrong with a model refuses this one; all else refuses the whole."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.gateway.families import spelled
from services.gateway.manifests.cursor import Broken, Cursor, place_of, unreadable
from services.gateway.manifests.manifest import Draft, Manifest
from services.gateway.manifests.requests import ManifestHead, ModelRequest
from shared.digests import digest_of
from shared.errors import SHOWN_FAULTS, Fault, TooLarge, Unreadable

MOST_MODELS = 1000
"""In one manifest: as many as a team may have waiting by default, and an answer of a megabyte."""

MOST_FIELDS = 100
"""Of the manifest and of a model: many more than they have."""

_SPACES = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
"""Texts, which keep theirs, and spaces between."""

_ROWS_OF_OBJECTS = re.compile(r"\[\{")
_REMEDY = "mend it and send the manifest again"


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of the text: its fields, where their values are, and what is wrong with its form. Of inline predictions
    the value is their text.
    """

    pointer: str
    at: int
    text: str
    fields: dict[str, Any]
    places: dict[str, int]
    faults: Sequence[Fault]


def read(content: bytes, in_form: bool = False) -> Manifest:
    """The manifest in `content`; raises `Unreadable` (no JSON, or wrong as a whole) and `TooLarge` (too many models).

    `in_form`: its files come behind it, by their names.
    """
    text = _decoded(content)
    try:
        return _manifest(Cursor(text), in_form)
    except Broken as broken:
        raise unreadable(text, broken) from broken


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sound = content[: error.start].decode()
        raise unreadable(sound, Broken("this is not UTF-8", len(sound))) from error


def _manifest(cursor: Cursor, in_form: bool) -> Manifest:
    whole = _object(cursor, "", lambda name: _models(cursor) if name == "models" else cursor.value())
    if cursor.peek():
        raise Broken("the manifest should end here", cursor.at)
    models = whole.fields.pop("models", None)
    faults = list(whole.faults)
    if not isinstance(models, list) or not models:
        faults.append(
            _fault(cursor.text, whole.places.get("models", 0), "/models", "there should be models in an array")
        )
    head, wrong = _validated(cursor.text, whole, ManifestHead)
    faults += wrong
    if faults or head is None:
        raise Unreadable("manifest-invalid", _sentence(faults), _REMEDY, tuple(faults))
    drafts = _told_twice(cursor.text, [(one, _draft(cursor.text, head, one)) for one in models])
    if in_form:
        _check_files(cursor.text, models, drafts)
    return Manifest(head, drafts)


def _models(cursor: Cursor) -> Any:
    """The models in an array; whatever else is here as it is."""
    if cursor.peek() != "[":
        return cursor.value()
    models = []
    for number in cursor.items():
        if number == MOST_MODELS:
            raise TooLarge(
                "too-many-models",
                f"the manifest has more than {MOST_MODELS:,} models",
                "send several manifests; each is a batch of its own",
            )
        models.append(_model(cursor, f"/models/{number}"))
    return models


def _model(cursor: Cursor, pointer: str) -> _Object:
    def value(name: str) -> Any:
        at, found = cursor.at, cursor.value()
        # Only the text of predictions goes on: as numbers they would be ten times as large.
        return cursor.text[at : cursor.at] if name == "predictions" and found is not None else found

    return _object(cursor, pointer, value)


def _object(cursor: Cursor, pointer: str, value: Callable[[str], Any]) -> _Object:
    at, fields, places, faults = cursor.at, dict[str, Any](), dict[str, int](), list[Fault]()
    if cursor.peek() != "{":
        cursor.value()
        faults.append(_fault(cursor.text, at, pointer, "this should be an object"))
        return _Object(pointer, at, cursor.text[at : cursor.at], fields, places, faults)
    too_many = False
    for name in cursor.members():
        if too_many := len(fields) == MOST_FIELDS:
            cursor.value()
            continue
        if name in fields and len(faults) < SHOWN_FAULTS:
            faults.append(_fault(cursor.text, cursor.at, _below(pointer, [name]), "this is given a second time"))
        places[name] = cursor.at
        fields[name] = value(name)
    if too_many:
        # One fault for all of them: to place each would take as long again as the text is.
        faults = [_fault(cursor.text, at, pointer, f"it has more than {MOST_FIELDS} fields")]
    return _Object(pointer, at, cursor.text[at : cursor.at], fields, places, faults)


def _draft(text: str, head: ManifestHead, found: _Object) -> Draft:
    said, wrong = _validated(text, found, ModelRequest) if not found.faults else (None, [])
    faults = [*found.faults, *wrong]
    if said is not None and (missing := _missing(said)):
        faults.append(_fault(text, found.at, found.pointer, missing))
    name = found.fields.get("name")
    if faults or said is None:
        refusal = Unreadable("model-invalid", _sentence(faults), _REMEDY, tuple(faults))
        stated = digest_of(found.text.encode(errors="surrogatepass"))
        return Draft(_shown(name), {"refused": stated}, refusal=refusal)
    inline = _file_of(said.predictions) if said.predictions is not None else None
    digest, size_bytes = (digest_of(inline), len(inline)) if inline is not None else (said.sha256, said.bytes)
    labels = said.labels or head.labels
    stated = said.model_dump(mode="json", exclude={"predictions", "file", "sha256", "bytes"})
    return Draft(
        said.name,
        stated | {"labels": labels, "sha256": digest},
        said,
        labels,
        digest,
        size_bytes,
        inline,
    )


def _missing(said: ModelRequest) -> str:
    """What a model does not say of its predictions; empty when all is said."""
    is_announced = said.sha256 is not None and said.bytes is not None
    if said.predictions is not None:
        return (
            ""
            if said.sha256 is None and said.bytes is None
            else "it has predictions and a digest: one of them is enough"
        )
    return "" if is_announced else "it should have `predictions`, or `sha256` and `bytes` of its file"


def _file_of(predictions: str) -> bytes:
    """Inline predictions as the file that they are when they are submitted, without spaces: programs write those as they
    like, and the same predictions are to be the same bytes. COCO's results are a file by themselves.
    """
    predictions = _unspaced(predictions)
    return (predictions if _ROWS_OF_OBJECTS.match(predictions) else f'{{"predictions":{predictions}}}').encode()


def _unspaced(text: str) -> str:
    """JSON without the spaces outside of its texts."""
    if "\\" in text:
        return _SPACES.sub(r"\1", text)
    # Every other piece is a text: twenty times as fast, and what predictions look like.
    pieces = text.split('"')
    pieces[::2] = ["".join(piece.split()) for piece in pieces[::2]]
    return '"'.join(pieces)


def _told_twice(text: str, models: Iterable[tuple[_Object, Draft]]) -> Sequence[Draft]:
    """The drafts; a name and revision that an earlier model has are refused, and bytes that one has are told."""
    names, contents, drafts = dict[Any, int](), dict[Any, int](), list[Draft]()
    for number, (found, draft) in enumerate(models):
        if draft.said is not None:
            first = names.setdefault(spelled(draft.name, draft.said.revision or ""), number)
            same = contents.setdefault((draft.labels, draft.digest), number)
            if first != number:
                draft = dataclasses.replace(draft, refusal=_repeated(text, found, first), inline=None)
            elif same != number:
                draft = dataclasses.replace(draft, same_as=same)
        drafts.append(draft)
    return drafts


def _check_files(text: str, models: Sequence[_Object], drafts: Sequence[Draft]) -> None:
    """Raise `Unreadable` where models name one file of the form and mean different ones."""
    firsts, faults = dict[str, int](), list[Fault]()
    for number, (found, draft) in enumerate(zip(models, drafts, strict=True)):
        if draft.refusal or draft.inline is not None or not (draft.said and draft.said.file):
            continue
        first = firsts.setdefault(draft.said.file, number)
        if (drafts[first].digest, drafts[first].labels) != (draft.digest, draft.labels):
            sentence = f"models {first} and {number} both name this file, with another `sha256` or other `labels`"
            faults.append(_fault(text, found.places["file"], _below(found.pointer, ["file"]), sentence))
    if faults:
        remedy = "name each file differently, in the manifest and in the form"
        raise Unreadable("manifest-invalid", _sentence(faults), remedy, tuple(faults))


def _repeated(text: str, found: _Object, first: int) -> Unreadable:
    sentence = f"model {first} of this manifest has this name and revision"
    fault = _fault(text, found.places["name"], _below(found.pointer, ["name"]), sentence)
    return Unreadable("model-repeated", sentence, "give each model a name or revision of its own", (fault,))


def _validated(text: str, found: _Object, kind: type[Any]) -> tuple[Any, list[Fault]]:
    """What an object says, or what is wrong with it."""
    try:
        return kind.model_validate(found.fields), []
    except ValidationError as error:
        return None, [_wrong(text, found, one) for one in error.errors(include_url=False)[:SHOWN_FAULTS]]


def _wrong(text: str, found: _Object, error: Any) -> Fault:
    places = [str(part) for part in error["loc"] if part != "[key]"]
    at = found.places.get(places[0], found.at) if places else found.at
    return _fault(text, at, _below(found.pointer, places), str(error["msg"]).removeprefix("Value error, "))


def _fault(text: str, at: int, pointer: str, sentence: str) -> Fault:
    line, column = place_of(text, at)
    return Fault("field-invalid", sentence, _REMEDY, line, column, pointer)


def _below(pointer: str, names: Iterable[str]) -> str:
    """A JSON pointer (RFC 6901); of names that are no text at all, what can be shown."""
    return pointer + "".join("/" + _shown(name).replace("~", "~0").replace("/", "~1") for name in names)


def _sentence(faults: Sequence[Fault]) -> str:
    return "; ".join(f"{fault.pointer or 'the manifest'}: {fault.sentence}" for fault in faults[:3])


def _shown(name: Any) -> str:
    """What can be kept and told of a name that may be wrong."""
    return name[:120].replace("\0", "\ufffd").encode(errors="replace").decode() if isinstance(name, str) else ""
