"""Settings: one frozen object per service, read once, from the environment and a folder of secrets, and passed down."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET = 16
"""Bytes; below this a secret can be guessed."""

SECRETS_FOLDER = "HOLDOUT_SECRETS_FOLDER"
"""Names a folder in which a setting may be a file with the name of its variable; the environment goes first."""


def _refuse_placeholder(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if len(value) < SHORTEST_SECRET or value.lower().startswith(("change", "secret", "password", "default")):
        raise ValueError(
            f"is a placeholder or shorter than {SHORTEST_SECRET} characters: make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return secret


Secret = Annotated[SecretStr, AfterValidator(_refuse_placeholder)]
"""A secret that is never printed, has no default, and is refused when it looks like a placeholder."""


class Settings(BaseSettings):
    """Base of every service's settings: frozen, prefixed environment variables, unknown constructor names refused."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_ignore_empty=True)

    @classmethod
    def from_mapping(cls, told: Mapping[str, str]) -> Self:
        """The settings in `told`, an environment of another process; names without our prefix are passed over."""
        prefix = str(cls.model_config["env_prefix"])
        return cls.model_validate({n.removeprefix(prefix).lower(): v for n, v in told.items() if n.startswith(prefix)})

    @classmethod
    def from_environment(cls, **overrides: Any) -> Self:
        """Read the settings; exit with one readable line per mistake instead of a traceback."""
        try:
            return cls(_secrets_dir=os.environ.get(SECRETS_FOLDER), **overrides)
        except ValidationError as error:
            prefix = cls.model_config.get("env_prefix", "")
            lines = [f"  {prefix}{_name(e['loc'])}: {e['msg']}" for e in error.errors()]
            raise SystemExit("\n".join(["settings that must be mended:", *lines])) from None


def _name(location: tuple[int | str, ...]) -> str:
    return "_".join(str(part) for part in location).upper()
