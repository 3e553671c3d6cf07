"""The models of a zoo: the files of a folder, or those that a manifest names, and what the server is told of each."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.gateway.client.endings import USAGE, Ending, Json
from services.gateway.client.parcels import NUMBERINGS, is_gzip, measured, measured_unpacked, size_of
from services.gateway.client.server import MEDIA
from services.gateway.client.zoo.manifests import MANIFEST_NAMES, OF_ALL, OF_EACH, PLACE, manifest_of


@dataclass(frozen=True, slots=True)
class Model:
    """A model: what the server is told of it, and its file; or the `trouble` for which that cannot be sent.

    `sent` and `size_bytes` are of the file as it is; what is told is of the predictions in it, packed or not.
    """

    said: Json
    path: Path
    sent: str = ""
    size_bytes: int = 0
    trouble: Ending | None = None

    @property
    def name(self) -> str:
        """What it is called, here and on the server."""
        return str(self.said["name"])


@dataclass(frozen=True, slots=True)
class Zoo:
    """Models, and what is said of them together: first of all the one split that they go to."""

    said: Json
    models: Sequence[Model]

    @property
    def place(self) -> tuple[str, str, str]:
        """Challenge, task and split."""
        return str(self.said["challenge"]), str(self.said["task"]), str(self.said["split"])

    def about(self, model: Model) -> Json:
        """What a submission of a model says, as the server makes it of the manifest."""
        said = model.said
        method = f"{said['name']} @ {said['revision']}" if said.get("revision") else said["name"]
        given = {name: said[name] for name in ("description", "track", "publish", "participate") if name in said}
        labels = said.get("labels") or self.said.get("labels") or NUMBERINGS[0]
        return {"method": method, "description": "", "track": "provided", "publish": False, "labels": labels} | given

    def manifest(self) -> Json:
        """What the server is asked for: all that can be sent."""
        return self.said | {"models": [model.said for model in self.sendable()]}

    def sendable(self) -> list[Model]:
        """The models that the server hears of, in its order."""
        return [model for model in self.models if model.trouble is None]


def zoo_at(path: Path, given: Mapping[str, Any], parallel: int) -> Zoo:
    """The zoo of a folder or a manifest; what is `given` on the command line goes before what is written there."""
    manifest = manifest_of(path) | {name: value for name, value in given.items() if value is not None}
    folder = path if path.is_dir() else path.parent
    entries = [*manifest.get("models", ()), *(unnamed(path, manifest) if path.is_dir() else ())]
    if not entries:
        raise Ending(USAGE, f"{path} holds no models", f"  files of models end in {', '.join(MEDIA)}")
    missing = [f"--{name}" for name in PLACE if not manifest.get(name)]
    if missing:
        raise Ending(USAGE, f"it is not said where the models go: give {', '.join(missing)}")
    shared = {name: manifest[name] for name in OF_EACH if name in manifest}
    with ThreadPoolExecutor(parallel) as pool:
        models = list(pool.map(lambda entry: model_of(folder, shared | entry), entries))
    return Zoo({name: manifest[name] for name in OF_ALL if name in manifest}, models)


def model_of(folder: Path, entry: Json) -> Model:
    """A model; its file is read once, for its digest."""
    path = folder / entry["file"]
    said = entry | {"name": entry.get("name") or stem_of(path), "file": path.name}
    try:
        size_of(path)
        as_sent = measured(path)
        told = (is_gzip(path) and measured_unpacked(path)) or as_sent
    except Ending as trouble:
        return Model(said, path, trouble=trouble)
    return Model(said | {"sha256": told[0], "bytes": told[1]}, path, *as_sent)


def stem_of(path: Path) -> str:
    """A model's name from its file's: without the endings that say how it is written."""
    while path.suffix.lower() in MEDIA:
        path = path.with_suffix("")
    return path.name


def unnamed(folder: Path, manifest: Json) -> Iterator[Json]:
    """The files of a folder that its manifest says nothing of."""
    named = {folder / entry["file"] for entry in manifest.get("models", ())}
    for path in sorted(folder.iterdir()):
        is_model = path.suffix.lower() in MEDIA and path.name not in MANIFEST_NAMES and not path.name.startswith(".")
        if is_model and path not in named and path.is_file():
            yield {"file": path.name}
