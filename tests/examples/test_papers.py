"""`examples/` stays what it is for: short programs that say what they need, each in the table, each with a test."""

from pathlib import Path

import pytest

from tests.examples.programs import EXAMPLES, dependencies, heading, programs

LONGEST = 80
README = EXAMPLES / "README.md"


def rows() -> dict[str, list[str]]:
    """The table of the README by the files that it links to: what, needs, test."""
    lines = (line.strip("| ").split(" | ") for line in README.read_text().splitlines() if line.startswith("| ["))
    return {line[0].split("](")[1].split(")")[0]: line[1:] for line in lines}


def test_the_table_names_every_example() -> None:
    made = {"README.md", "truth.txt", "__init__.py"}
    files = {path for path in EXAMPLES.rglob("*") if path.is_file() and path.name not in made}
    kept = {path.relative_to(EXAMPLES).as_posix() for path in files if "__pycache__" not in path.parts}
    assert rows().keys() == kept


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)
def test_a_program_is_short_and_the_table_says_what_its_heading_asks_for(program: Path) -> None:
    assert len(program.read_text().splitlines()) <= LONGEST
    assert heading(program)["requires-python"] == ">=3.11"
    needs = rows()[program.relative_to(EXAMPLES).as_posix()][0]
    named = {each.name for each in dependencies(program)} - {"numpy", "pillow"}
    assert all(name in needs for name in named), (needs, named)


def test_the_tests_that_the_table_names_exist() -> None:
    for _, place in rows().values():
        for path in place.replace("`", "").split(", "):
            assert (EXAMPLES.parent / path).exists(), path
