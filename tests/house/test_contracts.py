"""What every change must pass: the import contracts, the order of `.ci/run`, and lock files that anybody can use."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import ROOT, text

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+(?:\[[\w,-]+\])?==\S+)(?: ; .+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")

CONTRACTS = {
    "direction", "islands", "scorer-is-stateless", "quota-is-a-ledger", "scoring-is-pure", "client-stands-alone",
    "one-door-to-s3", "one-door-to-redis",
}  # fmt: skip


def recipe(target: str) -> list[str]:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n?)+)", text("Makefile"), re.MULTILINE)
    assert found is not None
    return [line.strip() for line in found[1].splitlines()]


def test_check_runs_style_types_and_import_contracts() -> None:
    commands = "\n".join(recipe("check"))
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports --config importlinter.toml"):
        assert tool in commands


def test_the_import_contracts_are_all_there() -> None:
    contracts = tomllib.loads(text("importlinter.toml"))["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} >= CONTRACTS


def test_ci_checks_and_then_tests_so_that_pytest_speaks_last() -> None:
    script = text(".ci/run")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script
    assert [line for line in script.splitlines() if line.startswith("make ")] == ["make check", "make test"]
    assert script.rstrip().endswith("make test")


def test_pytest_says_why_it_skips_and_takes_warnings_for_errors() -> None:
    options = tomllib.loads(text("pyproject.toml"))["tool"]["pytest"]["ini_options"]
    assert "-ra" in options["addopts"].split()
    assert options["filterwarnings"][0] == "error"


def test_there_is_a_lock_for_each_service() -> None:
    assert {path.stem for path in LOCKS} >= {"gateway", "quota", "scorer", "dev"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_pins_everything_by_hash_and_names_no_index(path: Path) -> None:
    lines = path.read_text().splitlines()
    odd = [line for line in lines if not PINNED.match(line) and not HASH.match(line)]
    assert not odd
    followers = [after for before, after in zip(lines, [*lines[1:], ""], strict=True) if PINNED.match(before)]
    assert all(HASH.match(line) for line in followers), "a requirement has no hash"


def test_hooks_come_from_this_repository_only() -> None:
    repositories = re.findall(r"repo: (\S+)", text(".pre-commit-config.yaml"))
    assert set(repositories) == {"local"}
