"""Every setting of every service is in the tables of docs/operations.md, with its default."""

import importlib
import re

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from shared.settings import Settings
from tests.house.tree import modules, name, text

ROW = re.compile(r"^\| `(HOLDOUT_[A-Z0-9_]+)` \| (.+?) \| \S", re.MULTILINE)
"""Variable, default, meaning."""


def settings_classes() -> list[type[Settings]]:
    places = [name(path) for path in modules("services") if path.name == "settings.py"]
    loaded = [importlib.import_module(place.removesuffix(".py").replace("/", ".")) for place in places]
    return [
        kind
        for module in loaded
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Settings) and kind.__module__ == module.__name__
    ]


def variables() -> dict[str, FieldInfo]:
    return {
        f"{kind.model_config.get('env_prefix')}{field.upper()}": content
        for kind in settings_classes()
        for field, content in kind.model_fields.items()
    }


def spelled(field: FieldInfo) -> str | None:
    """The default as the table writes it; None where it is worked out when the service starts."""
    if field.default_factory is not None:
        return None
    if field.default is PydanticUndefined:
        return "required"
    return f"`{field.default}`" if field.default not in ("", None) else "none"


def test_each_service_has_its_settings() -> None:
    assert {kind.__module__.split(".")[1] for kind in settings_classes()} == {"gateway", "quota", "scorer"}


@pytest.mark.parametrize("variable", sorted(variables()))
def test_the_setting_is_documented_with_its_default(variable: str) -> None:
    rows = dict(ROW.findall(text("docs/operations.md")))
    assert variable in rows, f"{variable} has no row in docs/operations.md"
    assert spelled(variables()[variable]) in (rows[variable], None)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    ghosts = {variable for variable, _ in ROW.findall(text("docs/operations.md"))} - set(variables())
    assert not ghosts
