"""What this process was told, setting by setting: with half of them missing or wrong, the rest can still be looked at."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from services.gateway.settings import CourierSettings, GatewaySettings, PublishSettings
from shared.settings import SECRETS_FOLDER, Settings

GATEWAY, PUBLISH = "HOLDOUT_GATEWAY_", "HOLDOUT_PUBLISH_"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One setting that is missing or malformed."""

    variable: str
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """Variables by name, as the services would read them: the environment first, then the folder of secrets."""

    values: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Self:
        """What this process was told."""
        values = {name: value for name, value in os.environ.items() if name.startswith("HOLDOUT_") and value}
        folder = Path(os.environ.get(SECRETS_FOLDER) or "/nowhere")
        files = folder.glob("HOLDOUT_*") if folder.is_dir() else ()
        return cls({file.name: file.read_text(encoding="utf-8").strip() for file in files} | values)

    def value(self, name: str, kind: type[Settings] = CourierSettings) -> str | None:
        """The setting `name` of `kind`, as it was told or by default; None where it is missing or malformed."""
        variable = f"{kind.model_config.get('env_prefix')}{name.upper()}"
        if any(wrong.variable == variable for wrong in self.wrong(kind)):
            return None
        default = kind.model_fields[name].get_default()
        return self.values.get(variable, None if default is None else str(default))

    def number(self, name: str) -> float | None:
        """The same of a number."""
        value = self.value(name)
        return None if value is None else float(value)

    def wrong(self, kind: type[Settings]) -> list[Wrong]:
        """Every setting of `kind` that is missing or malformed; never with the value in it."""
        try:
            kind.from_mapping(self.values)
        except ValidationError as error:
            prefix = kind.model_config.get("env_prefix")
            return [
                Wrong(f"{prefix}{'_'.join(str(part) for part in found['loc']).upper()}", found["msg"])
                for found in error.errors(include_input=False, include_url=False)
            ]
        return []

    @property
    def kinds(self) -> tuple[type[Settings], ...]:
        """Whose settings these are meant to be: the gateway's at least, the courier's and the operator's if any is told."""
        gateway: type[Settings] = CourierSettings if self._any(f"{GATEWAY}REDIS_") else GatewaySettings
        return (gateway, PublishSettings) if self._any(PUBLISH) else (gateway,)

    def unread(self) -> list[str]:
        """Variables with our prefixes that nothing reads: misspelt ones."""
        known = {
            f"{kind.model_config.get('env_prefix')}{name.upper()}"
            for kind in (CourierSettings, PublishSettings)
            for name in kind.model_fields
        }
        return sorted(name for name in self.values if name.startswith((GATEWAY, PUBLISH)) and name not in known)

    def _any(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.values)
