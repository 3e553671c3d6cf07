"""A manifest as it was read: what it says of all models, and each model, which may be refused as it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.manifests.requests import ManifestHead, ModelRequest
from shared.challenge import Numbering
from shared.digests import canonical_json, digest_of
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Draft:
    """One model. Either `said`, `labels` and `digest` (of its file, inline or announced) are there, or a `refusal`.

    `name` is what it is called, as far as that can be read. `inline` is its file where the manifest holds it; `stated`
    stands for all that is said of it, in any spelling.
    """

    name: str
    stated: Any
    said: ModelRequest | None = None
    labels: Numbering = "ilsvrc"
    digest: str | None = None
    size_bytes: int | None = None
    inline: bytes | None = None
    refusal: Refused | None = None
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole one."""

    head: ManifestHead
    models: Sequence[Draft]

    @property
    def digest(self) -> str:
        """Of what it says: the order of its fields, spaces, and the names of files do not count."""
        stated = self.head.model_dump(mode="json") | {"models": [draft.stated for draft in self.models]}
        return digest_of(canonical_json(stated))
