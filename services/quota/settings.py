"""Quota's settings, from `HOLDOUT_QUOTA_…`."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import Secret, Settings


class QuotaSettings(Settings):
    """Where to listen, which database, and the token that callers must bring."""

    model_config = SettingsConfigDict(env_prefix="HOLDOUT_QUOTA_")

    database_url: SecretStr
    token: Secret
    host: str = "127.0.0.1"
    port: int = Field(default=8002, ge=1, le=65_535)
    listen_fd: int | None = Field(default=None, ge=3)
    """A listening socket that we are started with, by its number; it takes the place of `host` and `port`."""
    log_style: Literal["line", "json"] = "line"
