"""The papers are true: links lead somewhere, commands exist, decisions are short and numbered without gaps."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, committed, name, papers, text

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
COMMAND = re.compile(r"-m ((?:services|deploy|shared|benchmarks)(?:\.\w+)*)")
MAKE = re.compile(r"(?:`|^\s*)make ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
HELP = re.compile(r"^([a-z]+):.*## \S", re.MULTILINE)
LONGEST_DECISION = 50


def decisions() -> list[Path]:
    return sorted((ROOT / "docs/decisions").glob("*.md"))


def test_the_usual_papers_are_there() -> None:
    usual = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/architecture.md", "docs/api.md"}
    assert usual <= {name(path) for path in committed()}


def test_the_licence_is_whole() -> None:
    licence = text("LICENSE")
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert "APPENDIX: How to apply the Apache License to your work." in licence


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in decisions()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 11


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_is_short_and_names_the_roads_not_taken(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= LONGEST_DECISION
    assert re.fullmatch(r"# \d+\. .+", lines[0])
    assert int(lines[0].split(".")[0].removeprefix("# ")) == int(path.name[:4])
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert headings == ["Context", "Decision", "Alternatives not taken", "Consequences"]


@pytest.mark.parametrize("path", papers(), ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("path", papers(), ids=name)
def test_make_targets_and_modules_that_a_paper_names_exist(path: Path) -> None:
    content = path.read_text()
    assert set(MAKE.findall(content)) <= set(TARGET.findall(text("Makefile")))
    missing = [module for module in set(COMMAND.findall(content)) if importlib.util.find_spec(f"{module}") is None]
    assert not missing


def test_the_readme_shows_the_two_commands_and_a_place_for_the_demo_s_output() -> None:
    readme = text("README.md")
    assert {"demo", "test"} <= set(MAKE.findall(readme))
    assert readme.index("<!-- demo -->") < readme.index("<!-- /demo -->")


def test_the_lines_to_type_without_make_are_those_of_the_makefile() -> None:
    block = re.search(r"Without make.*?```sh\n(.*?)```", text("README.md"), re.DOTALL)
    assert block is not None
    makefile = text("Makefile").replace("$(PYTHON)", "python3").replace("$(RUN)", ".venv/bin/python -m")
    typed = re.sub(r" --(quiet|disable-pip-version-check)\b", "", makefile)
    assert set(block[1].splitlines()) <= {line.strip() for line in typed.splitlines()}


def test_every_target_that_people_type_is_in_the_list_that_make_prints() -> None:
    makefile = text("Makefile")
    assert set(HELP.findall(makefile)) == set(TARGET.findall(makefile))


def test_what_the_makefile_names_exists() -> None:
    makefile = text("Makefile")
    run = set(re.findall(r"\$\(RUN\) ((?:services|deploy|benchmarks)[\w.]*)", makefile))
    assert not [
        module for module in run if importlib.util.find_spec(f"{module}.__main__" if runs(module) else module) is None
    ]
    assert not [page for page in re.findall(r"docs/[\w/.-]+\.md", makefile) if not (ROOT / page).exists()]


def runs(module: str) -> bool:
    return (ROOT / module.replace(".", "/")).is_dir()


def test_every_task_of_the_scorer_has_its_page() -> None:
    tasks = importlib.import_module("services.scorer.tasks")
    pages = {path.stem for path in (ROOT / "docs/tasks").glob("*.md")}
    assert {task.NAME for task in tasks.TASKS} <= pages
