"""What containers are handed: their own settings and secrets as files, which the services read as they read variables."""

import tomllib
from pathlib import Path

import pytest

from deploy.containers.addresses import among_containers
from deploy.containers.handing import contents, hand_out
from deploy.stack.environment import known
from deploy.stack.secrets import Secrets, new_secrets
from services.gateway.settings import CourierSettings
from services.quota.settings import QuotaSettings
from shared.settings import SECRETS_FOLDER


@pytest.fixture
def secrets() -> Secrets:
    return new_secrets()


def test_a_service_reads_its_settings_from_the_files_it_was_handed(
    secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_out(secrets, tmp_path)
    monkeypatch.setenv(SECRETS_FOLDER, str(tmp_path / "courier"))
    told = known("courier", among_containers(secrets))
    assert CourierSettings.from_environment() == CourierSettings.from_mapping(told)
    assert CourierSettings.from_environment().quota_url == "http://quota:8002"


def test_a_variable_goes_before_a_file(secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_out(secrets, tmp_path)
    monkeypatch.setenv(SECRETS_FOLDER, str(tmp_path / "quota"))
    monkeypatch.setenv("HOLDOUT_QUOTA_PORT", "9000")
    assert QuotaSettings.from_environment().port == 9000


def test_the_files_are_closed_to_all_but_their_group_and_hold_nothing_old(secrets: Secrets, tmp_path: Path) -> None:
    hand_out(new_secrets(), tmp_path)
    (tmp_path / "quota" / "HOLDOUT_QUOTA_FORMER").write_text("of an older version")
    hand_out(secrets, tmp_path)
    for name, files in contents(secrets).items():
        found = {path.name: path.read_text() for path in (tmp_path / name).iterdir()}
        assert found == files
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / name).iterdir()} == {0o440}


def test_no_secret_is_handed_to_two_who_do_not_share_it(secrets: Secrets) -> None:
    handed = contents(secrets)
    scorers, databases = "".join(handed["scorer"].values()), secrets.database.values()
    assert not any(password in scorers for password in databases)
    gateway = "".join(handed["gateway"].values())
    for other in (secrets.storage["publish"], secrets.storage["scorer"], secrets.storage["admin"]):
        assert other.secret_key not in gateway
    assert secrets.queue["courier"] not in gateway


def test_seaweedfs_is_told_each_of_its_tokens_by_the_name_it_looks_for(secrets: Secrets) -> None:
    told = tomllib.loads(contents(secrets)["seaweedfs"]["security.toml"])["jwt"]
    tokens = secrets.storage_tokens
    assert told == {
        "signing": {"key": tokens["SIGNING_KEY"], "read": {"key": tokens["SIGNING_READ_KEY"]}},
        "filer_signing": {"key": tokens["FILER_SIGNING_KEY"], "read": {"key": tokens["FILER_SIGNING_READ_KEY"]}},
    }
