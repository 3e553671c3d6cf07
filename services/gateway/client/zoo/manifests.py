"""What a zoo's manifest says: TOML or JSON, beside the files of its models. What nobody would understand is refused."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.gateway.client.endings import USAGE, Ending, Json
from services.gateway.client.parcels import size_of

PLACE = ("challenge", "task", "split")
OF_ALL = (*PLACE, "labels", "tolerance")
OF_EACH = ("revision", "description", "track", "publish", "participate")
"""Said above the models, it is meant for all that say nothing else."""
MANIFEST_NAMES = ("zoo.toml", "zoo.json")
TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def manifest_of(path: Path) -> Json:
    """What a manifest says; of a folder, its own manifest, or nothing. A fraction stays as it is written."""
    if path.is_dir():
        own = [path / name for name in MANIFEST_NAMES if (path / name).exists()]
        return manifest_of(own[0]) if own else {}
    size_of(path)
    read: Callable[[Path], Any] = read_json if path.suffix.lower() == ".json" else read_toml
    try:
        manifest = read(path)
    except UnicodeDecodeError:
        raise Ending(USAGE, f"{path} is not text in UTF-8", "  write the manifest in TOML, or in JSON") from None
    require_known(manifest, {*OF_ALL, *OF_EACH, "models"}, str(path))
    require_models(manifest.get("models", []), path)
    return dict(manifest)


def read_toml(path: Path) -> Any:
    """A TOML file; says where it breaks."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=str)
    except tomllib.TOMLDecodeError as error:
        place = TOML_PLACE.search(str(error))
        at = f":{place[1]}:{place[2]}" if place and place[1] else ""
        sentence = f"{path}{at}: {TOML_PLACE.sub('', str(error))}"
        raise Ending(USAGE, sentence, "  write the manifest in TOML, or in JSON, with the ending .json") from None


def read_json(path: Path) -> Any:
    """A JSON file; says where it breaks."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=str)
    except json.JSONDecodeError as error:
        sentence = f"{path}:{error.lineno}:{error.colno}: {error.msg}"
        raise Ending(USAGE, sentence, "  write the manifest with a JSON library, or in TOML") from None


def require_models(models: Any, path: Path) -> None:
    """Refuse models that are no tables, or have no file."""
    if not isinstance(models, list):
        raise Ending(USAGE, f"{path}: its models are no list", "  write [[models]] before each of them")
    for number, model in enumerate(models, start=1):
        where = f"{path}: model {number}"
        require_known(model, {"name", "file", "claimed", "labels", *OF_EACH}, where)
        if not isinstance(model.get("file"), str) or not model["file"]:
            raise Ending(USAGE, f"{where} has no file", '  write file = "…", relative to the manifest')
        if not isinstance(model.get("name", ""), str):
            raise Ending(USAGE, f"{where} has a name that is no text", '  write name = "…"')


def require_known(said: Any, known: set[str], where: str) -> None:
    """Refuse words that mean nothing: what is misspelt would be passed over."""
    if not isinstance(said, dict):
        raise Ending(USAGE, f"{where} is no table", f"  say {', '.join(sorted(known))}")
    for name in said:
        if name not in known:
            raise Ending(USAGE, f"{where}: '{name}' means nothing here", f"  known are {', '.join(sorted(known))}")
