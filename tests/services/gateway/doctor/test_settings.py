"""Settings: each missing or wrong one is named with its meaning, and no value is ever shown."""

import pytest

from services.gateway.doctor.meanings import MEANINGS
from services.gateway.doctor.settings import check_settings
from services.gateway.doctor.told import Told
from services.gateway.settings import CourierSettings, PublishSettings
from tests.services.gateway.doctor.conftest import Made, told


def required() -> list[str]:
    return [
        f"{kind.model_config.get('env_prefix')}{name.upper()}"
        for kind in (CourierSettings, PublishSettings)
        for name, field in kind.model_fields.items()
        if field.is_required()
    ]


def test_settings_as_the_stack_makes_them_are_fine(patient: Made) -> None:
    assert told(check_settings, patient()) == ("ok", "those of courier and publish are complete and well formed → ")


@pytest.mark.parametrize("variable", sorted(required()))
def test_each_setting_that_is_missing_is_named_with_its_meaning(patient: Made, variable: str) -> None:
    state, text = told(check_settings, patient(**{variable.removeprefix("HOLDOUT_"): None}))
    assert state == "trouble"
    assert text.startswith(f"{variable}: ")
    assert text.endswith(f"→ {MEANINGS[variable]}")


def test_without_any_setting_all_that_must_be_are_named_at_once() -> None:
    from services.gateway.doctor.patient import Patient

    found = check_settings(Patient(Told({})))
    named = {finding.saw.split(":")[0] for finding in found}
    gateway = {name for name in required() if "REDIS" not in name and "PUBLISH" not in name}
    assert named == gateway, "courier and publish are looked at where any of theirs is told"


@pytest.mark.parametrize(
    ("setting", "value", "state", "part"),
    [
        ("GATEWAY_KEY_PEPPER", "changeme-changeme-changeme", "trouble", "placeholder"),
        ("GATEWAY_QUOTA_TOKEN", "short", "trouble", "placeholder"),
        ("GATEWAY_PORT", "eighty", "trouble", "HOLDOUT_GATEWAY_PORT"),
        ("GATEWAY_DATABASE_URL", "mysql://gateway:only-we-know@127.0.0.1/g", "trouble", "HOLDOUT_GATEWAY_DATABASE_URL"),
        ("GATEWAY_PUBLIC_URL", "holdout.example.org", "trouble", "is no address"),
        ("GATEWAY_PUBLIC_URL", "https://holdout.example.org/", "trouble", "more than a host"),
        ("GATEWAY_PUBLIC_URL", "http://holdout.example.org", "warning", "travel in clear"),
        ("GATEWAY_PUBLIC_URL", "https://holdout.example.org", "warning", "name the proxy"),
        ("GATEWAY_HOST", "0.0.0.0", "warning", "each reader's own machine"),
        ("GATEWAY_TRUSTED_PROXIES", "*", "trouble", "trusts everybody"),
        ("GATEWAY_TRUSTED_PROXIES", "0.0.0.0/0", "trouble", "trusts everybody"),
        ("GATEWAY_TRUSTED_PROXIES", "the-proxy", "trouble", "no network"),
        ("GATEWAY_PRIVATE_NETWORKS", "10.0.0.0/8", "warning", "teams' endpoints may be in 10.0.0.0/8"),
        ("GATEWAY_PRIVATE_NETWORKS", "10.0.0.0/99", "trouble", "no network"),
        ("GATEWAY_SCORER_SECRETS", "a-secret-that-cannot-sign", "trouble", "secret 1 of 1 cannot sign"),
        ("GATEWAY_SWEEP_SECOND", "5", "warning", "nothing reads HOLDOUT_GATEWAY_SWEEP_SECOND"),
    ],
)
def test_what_cannot_be_meant_is_said(patient: Made, setting: str, value: str, state: str, part: str) -> None:
    found, text = told(check_settings, patient(**{setting: value}))
    assert (found, part in text) == (state, True), text
    assert "SECRET" not in setting.split("_")[-1] or value not in text


def test_no_value_of_a_malformed_secret_is_shown(patient: Made) -> None:
    secret = "change-me-but-do-not-show-me"
    names = ("GATEWAY_KEY_PEPPER", "GATEWAY_QUOTA_TOKEN", "GATEWAY_SCORER_SECRETS", "GATEWAY_REDIS_PASSWORD")
    found = check_settings(patient(**dict.fromkeys(names, secret), GATEWAY_DATABASE_URL=f"postgres://g:{secret}@h/g"))
    assert len(found) >= 5
    assert secret not in str(found)
