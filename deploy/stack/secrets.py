"""The stack's passwords and keys: made once, kept in `secrets.json`, one identity per service and store."""

import secrets
from pathlib import Path

from pydantic import ValidationError

from deploy.stack.files import write_private
from deploy.stack.problem import Trouble
from shared.model import Model
from shared.signing import new_secret

DATABASE_ROLES = ("admin", "backup", "gateway", "quota")
QUEUE_USERS = ("admin", "courier", "scorer")
STORAGE_IDENTITIES = ("admin", "backup", "gateway", "publish", "scorer")
STORAGE_TOKENS = ("SIGNING_KEY", "SIGNING_READ_KEY", "FILER_SIGNING_KEY", "FILER_SIGNING_READ_KEY")
"""SeaweedFS's own: without them its inner ports serve every object to anybody."""


class StorageKey(Model):
    """An S3 key pair."""

    access_key: str
    secret_key: str


class Secrets(Model):
    """All secrets of one stack."""

    database: dict[str, str]
    queue: dict[str, str]
    storage: dict[str, StorageKey]
    storage_tokens: dict[str, str]
    quota_token: str
    scorer_secret: str
    key_pepper: str


def keep_secrets(path: Path) -> Secrets:
    """The secrets in `path`, made now if there are none; identities that are newer than the file get theirs now."""
    if not path.exists():
        write_private(path, new_secrets().model_dump_json(indent=2))
    kept = _read_secrets(path)
    whole = _completed(kept)
    if whole != kept:
        write_private(path, whole.model_dump_json(indent=2))
    return whole


def _completed(kept: Secrets) -> Secrets:
    fresh = new_secrets()
    return kept.model_copy(
        update={
            "database": fresh.database | kept.database,
            "queue": fresh.queue | kept.queue,
            "storage": fresh.storage | kept.storage,
        }
    )


def _read_secrets(path: Path) -> Secrets:
    try:
        return Secrets.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Trouble(
            f"{path} is damaged: {error.error_count()} fields are missing or wrong",
            "restore it from a backup; without it the data beside it cannot be opened",
        ) from error


def new_secrets() -> Secrets:
    """Fresh secrets, in hexadecimal: safe in addresses, files and shells alike."""
    return Secrets(
        database={name: secrets.token_hex(32) for name in DATABASE_ROLES},
        queue={name: secrets.token_hex(32) for name in QUEUE_USERS},
        storage={
            name: StorageKey(access_key=secrets.token_hex(10), secret_key=secrets.token_hex(20))
            for name in STORAGE_IDENTITIES
        },
        storage_tokens={name: secrets.token_hex(32) for name in STORAGE_TOKENS},
        quota_token=secrets.token_hex(32),
        scorer_secret=new_secret(),
        key_pepper=secrets.token_hex(32),
    )
