"""The client in one file: what its modules say, in an order that works, and nothing that one file could not mean."""

import ast
import subprocess
import sys

import httpx
import pytest

from services.gateway.handout import MAIN, PACKAGE, handout, joined
from tests.handout import client_file

RULES = "E,F,W,I,UP,B,A,C4,SIM,RET,PIE"
SMALL = {
    f"{PACKAGE}.lowest": '"""Lowest."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n',
    f"{PACKAGE}.near.upper": (
        '"""Upper."""\n\nimport sys\nfrom datetime import timedelta\n\n'
        f"from {PACKAGE}.lowest import NOW\n\n\ndef soon() -> None:\n"
        "    print(NOW + timedelta(1), file=sys.stderr)\n"
    ),
    f"{PACKAGE}.near": '"""A package."""\n',
    MAIN: f'# above\n"""Main."""\n\nfrom {PACKAGE}.near.upper import soon\n\nsoon()\n',
}


def test_the_file_is_clean_to_linters_and_laid_out_like_all_of_our_code() -> None:
    for verb in (("check", "--select", RULES, "--line-length", "126"), ("format", "--check", "--line-length", "120")):
        command = (sys.executable, "-m", "ruff", *verb, "--isolated", "--no-cache", str(client_file()))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_file_needs_the_standard_library_and_httpx_and_nothing_else() -> None:
    imports = [node for node in ast.walk(ast.parse(handout())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == {"httpx"}
    assert handout().startswith("# /// script\n")


def test_the_server_hands_out_that_file(gateway_url: str) -> None:
    answer = httpx.get(f"{gateway_url}/client.py")
    assert answer.headers["content-type"].startswith("text/x-python")
    assert answer.text == handout()


def test_modules_follow_what_they_import_under_their_docstrings_with_imports_gathered() -> None:
    assert joined(SMALL) == (
        '# above\n"""Main."""\n\nimport sys\nfrom datetime import UTC, datetime, timedelta\n\n'
        "# ---- lowest ----\n# Lowest.\n\nNOW = datetime.now(UTC)\n\n\n"
        "# ---- near.upper ----\n# Upper.\n\n\ndef soon() -> None:\n    print(NOW + timedelta(1), file=sys.stderr)\n\n\n"
        "soon()\n"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("import numpy", "cannot have `import numpy`"),
        ("from shared.model import Model", "cannot have `from shared.model import Model`"),
        ("from . import near", "cannot have `from . import near`"),
        (f"from {PACKAGE}.lowest import NOW as THEN", "cannot have"),
        (f"from {PACKAGE}.near.upper import soon\n\nLATER = soon", "cycle"),
        ("NOW = 1\n", "NOW is defined in 2 modules"),
        ("FIRST, (NOW, _) = 1, (2, 3)\n", "NOW is defined in 2 modules"),
    ],
    ids=["a package", "ours", "relative", "under another name", "in a circle", "a name twice", "a name within"],
)
def test_what_would_mean_something_else_in_one_file_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        joined(SMALL | {f"{PACKAGE}.odd": f'"""Odd."""\n\n{line}\n', **_imported_by_lowest(line)})


def _imported_by_lowest(line: str) -> dict[str, str]:
    """Closes the circle, where `line` asks for one."""
    if "upper" not in line:
        return {}
    return {f"{PACKAGE}.lowest": f'"""Lowest."""\n\nfrom {PACKAGE}.odd import LATER\n\nNOW = LATER\n'}
