"""Manifests as they are read: what is said of each model, and the place of each fault, in any spelling."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.api.manifests import MANIFEST_BODY
from services.gateway.manifests.reading import read
from shared.errors import Fault, Unreadable

HEAD = {"challenge": "tiny", "task": "classification", "split": "validation"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SPACES = st.sampled_from([None, 1, 4, "\t"])


def written(models: Any, indent: Any = None, ascii_only: bool = True, **more: Any) -> bytes:
    return json.dumps({**HEAD, **more, "models": models}, indent=indent, ensure_ascii=ascii_only).encode(
        errors="surrogatepass"
    )


def pointed(content: Any, pointer: str) -> Any:
    """What a JSON pointer leads to."""
    for name in pointer.split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        content = content[int(name)] if isinstance(content, list) else content[name]
    return content


def faults_of(content: bytes) -> list[Fault]:
    """The faults of its models, in order."""
    refusals = [draft.refusal for draft in read(content).models]
    return [fault for refusal in refusals if isinstance(refusal, Unreadable) for fault in refusal.faults]


@given(JSON, SPACES)
def test_whatever_a_model_is_it_is_taken_or_refused_at_its_place(model: Any, indent: Any) -> None:
    content = written([{"name": "good", "predictions": [[1]]}, model], indent)
    good, other = read(content).models
    assert good.refusal is None
    if other.refusal is not None:
        assert isinstance(other.refusal, Unreadable)
        for fault in other.refusal.faults:
            assert (fault.pointer or "").startswith("/models/1")
            assert fault.line is not None
            assert fault.column is not None
            line = content.decode().splitlines()[fault.line - 1]
            assert 1 <= fault.column <= len(line.encode()) + 1


@given(JSON.filter(lambda value: value is not None), SPACES)
def test_inline_predictions_are_the_file_that_they_are_when_they_are_submitted(predictions: Any, indent: Any) -> None:
    (draft,) = read(written([{"predictions": predictions, "name": "a"}], indent)).models
    assert draft.inline is not None
    is_rows_of_objects = isinstance(predictions, list) and bool(predictions) and isinstance(predictions[0], dict)
    same = json.loads(draft.inline)
    assert same == (predictions if is_rows_of_objects else {"predictions": predictions})
    assert draft.digest == hashlib.sha256(draft.inline).hexdigest()


@given(st.permutations(["name", "sha256", "bytes", "claimed"]), SPACES, st.booleans())
def test_a_manifest_has_one_digest_however_it_is_written(order: list[str], indent: Any, ascii_only: bool) -> None:
    model = {"name": "Würfel", "sha256": "0" * 64, "bytes": 7, "claimed": {"top_5_error": 0.1, "top_1_error": 0.2}}
    shuffled = {name: model[name] for name in order} | {"file": "any name"}
    assert read(written([shuffled], indent, ascii_only)).digest == read(written([model])).digest


@pytest.mark.parametrize(
    "change",
    [
        {"revision": "1"},
        {"claimed": {"top_5_error": 0.11}},
        {"publish": True},
        {"labels": "wnid"},
        {"sha256": "1" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_content_has_another_digest(change: dict[str, Any]) -> None:
    model = {"name": "a", "sha256": "0" * 64, "bytes": 7, "claimed": {"top_5_error": 0.1}}
    assert read(written([model | change])).digest != read(written([model])).digest


WRONG = {
    "not an object": ("[3]", "/models/0", 1, 83),
    "twice the same field": ('[{"name": "a",\n "name": "b"}]', "/models/0/name", 2, 10),
    "neither predictions nor a digest": ('[\n{"name": "a"}]', "/models/0", 2, 1),
    "a wrong type behind two bytes of ü": ('[{"file": "ü", "name": 3}]', "/models/0/name", 1, 106),
    "a character that cannot be kept": ('[{"name": "\\u0000"}]', "/models/0/name", 1, 92),
    "half a pair": ('[{"name": "\\ud800"}]', "/models/0/name", 1, 92),
    "a field whose name is no text": ('[{"name": "a", "predictions": [], "\\ud800": 1}]', "/models/0", 1, 83),
    "a metric of another form": (
        '[{"name": "a", "predictions": [], "claimed": {"Top/5": 1}}]',
        "/models/0/claimed/Top~15",
        1,
        127,
    ),
    "true for a number": ('[{"name": "a", "predictions": [], "claimed": {"x": true}}]', "/models/0/claimed/x", 1, 127),
}


@pytest.mark.parametrize(("models", "pointer", "line", "column"), WRONG.values(), ids=list(WRONG))
def test_a_fault_of_a_model_has_its_line_column_and_pointer(models: str, pointer: str, line: int, column: int) -> None:
    content = json.dumps(HEAD)[:-1] + f', "models": {models}}}'
    (fault,) = faults_of(content.encode())
    assert (fault.pointer, fault.line, fault.column) == (pointer, line, column)


def test_a_claim_keeps_the_decimals_that_it_is_written_with() -> None:
    claims = '{"a": 0.0620, "b": "0.0620", "c": 6.2e-2, "d": 1, "e": 0.10000000000000000001}'
    content = json.dumps(HEAD)[:-1] + f', "models": [{{"name": "a", "predictions": [], "claimed": {claims}}}]}}'
    (draft,) = read(content.encode()).models
    assert draft.said is not None
    assert list(draft.said.claimed.values()) == ["0.0620", "0.0620", "0.062", "1", "0.10000000000000000001"]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_no_manifest_is_refused_and_breaks_nothing(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


@given(st.integers(0, 200))
def test_a_manifest_that_is_cut_is_refused_where_it_ends(end: int) -> None:
    content = written([{"name": "a", "predictions": [[1, 2]]}], indent=1)
    if end < len(content):
        with pytest.raises(Unreadable, match="manifest-unreadable"):
            read(content[:end])


def test_a_deep_nest_is_refused_and_not_fallen_into() -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        read(written([]).replace(b"[]", b"[{" + b'"predictions":' + b"[" * 100_000))


def test_the_examples_of_the_document_are_manifests() -> None:
    examples = MANIFEST_BODY["requestBody"]["content"]["application/json"]["examples"].values()
    drafts = [draft for example in examples for draft in read(json.dumps(example["value"]).encode()).models]
    assert [draft.name for draft in drafts if draft.refusal is None] == ["guesser", "resnet50"]


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", '"1e9"'])
def test_a_number_of_a_gigabyte_of_digits_is_refused_before_it_is_written_out(number: str) -> None:
    models = f'[{{"name": "a", "claimed": {{"top_5_error": {number}}}, "predictions": [[1]]}}]'
    content = json.dumps(HEAD)[:-1] + f', "models": {models}}}'
    assert [fault.pointer for fault in faults_of(content.encode())] == ["/models/0/claimed/top_5_error"]


def test_a_model_of_a_hundred_thousand_fields_is_one_fault() -> None:
    crowd = {"name": "crowd", "predictions": [[1]]} | dict.fromkeys(map(str, range(100_000)), 1)
    assert [fault.sentence for fault in faults_of(written([crowd]))] == ["it has more than 100 fields"]


def test_a_name_is_told_twice_however_it_is_put_together() -> None:
    split, whole = {"name": " a ", "revision": "b"}, {"name": "a@b"}
    drafts = read(written([split | {"predictions": [[1]]}, whole | {"predictions": [[2]]}])).models
    assert [draft.refusal is None for draft in drafts] == [True, False]


@pytest.mark.parametrize("field", ["name", "revision"])
def test_a_name_of_spaces_is_none(field: str) -> None:
    model = {"name": "a", "predictions": [[1]]} | {field: "  "}
    assert [fault.pointer for fault in faults_of(written([model]))] == [f"/models/0/{field}"]


def test_a_tolerance_is_not_negative() -> None:
    with pytest.raises(Unreadable, match="/tolerance: it should not be negative"):
        read(written([{"name": "a", "predictions": [[1]]}], tolerance=-0.1))
