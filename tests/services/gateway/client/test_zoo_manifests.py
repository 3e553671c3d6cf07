"""Manifests of zoos: what they may say, what they are refused for, and whose word counts."""

import gzip
import json
from pathlib import Path

import pytest

from services.gateway.client.endings import USAGE, Ending
from services.gateway.client.zoo.models import Zoo, zoo_at

PLACE = {"challenge": "ilsvrc2012", "task": "classification", "split": "validation"}
HEAD = 'challenge = "ilsvrc2012"\ntask = "classification"\nsplit = "validation"\n'


def zoo_of(folder: Path, manifest: str, name: str = "zoo.toml", **given: str) -> Zoo:
    path = folder / name
    path.write_text(manifest)
    return zoo_at(path, given, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "b.cls.csv"):
        (tmp_path / name).write_text("1 2 3 4 5\n")
    return tmp_path


def test_toml_and_json_say_the_same(folder: Path) -> None:
    model = {"file": "a.txt", "claimed": {"top_5_error": 0.062}}
    as_json = zoo_of(folder, json.dumps(PLACE | {"models": [model]}), "zoo.json")
    as_toml = zoo_of(folder, HEAD + '[[models]]\nfile = "a.txt"\nclaimed.top_5_error = 0.062\n')
    assert as_json == as_toml
    assert as_toml.models[0].said["claimed"] == {"top_5_error": "0.062"}


def test_a_claim_keeps_the_decimals_that_it_is_written_with(folder: Path) -> None:
    (model,) = zoo_of(folder, HEAD + '[[models]]\nfile = "a.txt"\nclaimed = { top_5_error = 0.0620 }\n').models
    assert model.said["claimed"] == {"top_5_error": "0.0620"}


def test_the_command_line_goes_before_the_head_and_a_model_before_both(folder: Path) -> None:
    models = '[[models]]\nfile = "a.txt"\nrevision = "own"\n[[models]]\nfile = "b.cls.csv"\n'
    zoo = zoo_of(folder, 'labels = "ilsvrc"\nrevision = "all"\n' + HEAD + models, labels="kaggle", split="test")
    assert zoo.said == PLACE | {"split": "test", "labels": "kaggle"}
    assert [model.said["revision"] for model in zoo.models] == ["own", "all"]


def test_a_folder_with_a_manifest_has_what_it_names_and_all_other_files(folder: Path) -> None:
    (folder / "zoo.toml").write_text(HEAD + '[[models]]\nfile = "b.cls.csv"\nname = "bee"\n')
    (folder / ".hidden.txt").write_text("1\n")
    assert [model.name for model in zoo_at(folder, {}, 2).models] == ["bee", "a"]


def test_predictions_are_the_same_packed_or_not(folder: Path) -> None:
    (folder / "c.txt.gz").write_bytes(gzip.compress((folder / "a.txt").read_bytes()))
    plain, _, packed = zoo_at(folder, PLACE, 2).models
    assert (packed.name, packed.said["sha256"], packed.said["bytes"]) == ("c", plain.said["sha256"], 10)


def test_a_file_that_cannot_be_read_is_the_trouble_of_its_model_only(folder: Path) -> None:
    zoo = zoo_of(folder, HEAD + '[[models]]\nfile = "none.txt"\n[[models]]\nfile = "a.txt"\n')
    assert [model.name for model in zoo.sendable()] == ["a"]
    assert [model.trouble is None for model in zoo.models] == [False, True]


@pytest.mark.parametrize(
    ("name", "manifest", "sentence"),
    [
        ("zoo.toml", "labels = \n", r"zoo\.toml:1:10: Invalid value"),
        ("zoo.json", '{"models":\n [}', r"zoo\.json:2:3: Expecting value"),
        ("zoo.toml", "lables = 1", "'lables' means nothing here"),
        ("zoo.toml", "models = 1", "its models are no list"),
        ("zoo.json", "[]", "is no table"),
        ("zoo.toml", "models = [1]", "model 1 is no table"),
        ("zoo.toml", '[[models]]\nname = "a"\n', "model 1 has no file"),
        ("zoo.toml", '[[models]]\nfile = "a.txt"\nname = 1\n', "model 1 has a name that is no text"),
        ("zoo.toml", '[[models]]\nfile = "a.txt"\nclaim = 1\n', "model 1: 'claim' means nothing here"),
        ("zoo.toml", HEAD, "holds no models"),
        ("zoo.toml", '[[models]]\nfile = "a.txt"\n', "give --challenge, --task, --split"),
        ("zoo.toml", "\udcff", "is not text in UTF-8"),
    ],
    ids=lambda text: text[:24] if text.isprintable() else None,
)
def test_what_nobody_would_understand_is_refused(folder: Path, name: str, manifest: str, sentence: str) -> None:
    path = folder / name
    path.write_bytes(manifest.encode(errors="surrogateescape"))
    with pytest.raises(Ending, match=sentence) as refusal:
        zoo_at(path, {}, 2)
    assert refusal.value.code == USAGE
