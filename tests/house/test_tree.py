"""The tree is in order: packages are packages, modules say what they are for, nothing names one machine."""

import ast
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.house.tree import CODE, MADE, ROOT, committed, modules, name, parsed

LONGEST_DOCSTRING = 8
"""Lines of prose; drawings and tables, which are indented, do not count."""

# Written so that they do not match themselves.
MACHINE = re.compile(r"(?<![\w.}])/(?:wo[r]k|roo[t]|hom[e]/\w+|User[s]/\w+)/|/tm[p]/try\b")
INDEX = re.compile(r"https?://[^\s/]+/(?:[\w-]+/)*simpl[e]\b|--?(?:extra-)?inde[x]-url[ =]+http")
WIDELY_KNOWN = ("pypi.org", "files.pythonhosted.org")

PY_MODULES = modules(*CODE)


@pytest.mark.parametrize("folder", sorted({path.parent for path in PY_MODULES}), ids=name)
def test_a_folder_with_modules_is_a_package(folder: Path) -> None:
    assert (folder / "__init__.py").exists()


@pytest.mark.parametrize("path", PY_MODULES, ids=name)
def test_a_module_says_in_a_few_lines_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(parsed(path))
    assert docstring, "it has no docstring"
    prose = [line for line in docstring.splitlines() if line and not line.startswith(" ")]
    assert len(prose) <= LONGEST_DOCSTRING


def contents() -> dict[str, str]:
    found = {}
    for path in committed():
        try:
            found[name(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def index_hosts() -> set[str]:
    """The package indexes of the machine that runs this, unless the whole world uses them."""
    values = [os.environ.get(f"{tool}_{kind}INDEX_URL", "") for tool in ("PIP", "UV") for kind in ("", "EXTRA_")]
    values.append(os.environ.get("UV_DEFAULT_INDEX", ""))
    hosts = {urlsplit(value).hostname for line in values for value in line.split()}
    return {host for host in hosts if host and host not in WIDELY_KNOWN}


def test_no_committed_file_names_a_path_or_a_package_index_of_one_machine() -> None:
    found = [
        f"{place}:{number}: {line.strip()[:100]}"
        for place, content in contents().items()
        for number, line in enumerate(content.splitlines(), start=1)
        if MACHINE.search(line) or INDEX.search(line) or any(host in line for host in index_hosts())
    ]
    assert not found


def test_nothing_is_committed_that_is_made() -> None:
    assert not [name(path) for path in committed() if MADE & set(path.relative_to(ROOT).parts)]
