"""The client as participants get it: the modules of `services.gateway.client`, joined into one file that stands alone.

Each module follows those that it imports, under its docstring as a comment. Imports within the package fall away, the
standard library's are gathered at the top. What cannot be joined so is refused: nobody is handed a broken client.
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from services.gateway import client

PACKAGE = client.__name__
MAIN = f"{PACKAGE}.__main__"
FOLDER = Path(client.__file__).parent

Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class Module:
    """A module taken apart: what stands above its docstring, that, its imports, the names it defines, all that follows."""

    name: str
    heading: str
    docstring: str
    imports: Sequence[Import]
    defined: Sequence[str]
    body: str

    @property
    def siblings(self) -> list[str]:
        """The modules of the package that it imports from."""
        return [str(one.module) for one in self.imports if isinstance(one, ast.ImportFrom) and is_ours(one)]


@cache
def handout() -> str:
    """The client in one file."""
    return joined({_name(path): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.py"))})


def joined(sources: Mapping[str, str]) -> str:
    """Modules by their names, in one file; ValueError where a cycle, an import or a name's second meaning forbids that."""
    modules = {name: apart(name, source) for name, source in sources.items()}
    for name, count in Counter(name for module in modules.values() for name in module.defined).items():
        if count > 1:
            raise ValueError(f"{name} is defined in {count} modules of the client")
    *others, main = (modules[name] for name in _ordered(modules))
    head = f'{main.heading}\n"""{main.docstring}"""\n\n{_gathered(modules.values())}'
    return f"{head}\n\n" + "\n\n\n".join([*map(_section, others), main.body]) + "\n"


def apart(name: str, source: str) -> Module:
    """Take a module apart."""
    prose, *statements = ast.parse(source).body
    imports = [one for one in statements if isinstance(one, Import)]
    for one in imports:
        _require_joinable(name, one)
    lines = source.splitlines()
    above = max(one.end_lineno or 0 for one in (prose, *imports))
    docstring = ast.literal_eval(prose.value) if isinstance(prose, ast.Expr) else ""
    body = "\n".join(lines[above:]).strip("\n")
    return Module(name, "\n".join(lines[: prose.lineno - 1]), docstring, imports, [*_defined(statements)], body)


def is_ours(one: ast.ImportFrom) -> bool:
    """Whether an import is from within the package."""
    return (one.module or "").startswith(f"{PACKAGE}.")


def _require_joinable(name: str, one: Import) -> None:
    """Refuse an import that would mean another thing, or nothing, in one file."""
    if isinstance(one, ast.ImportFrom) and is_ours(one) and not any(alias.asname for alias in one.names):
        return
    roots = [one.module] if isinstance(one, ast.ImportFrom) else [alias.name for alias in one.names]
    if not all(root and root.split(".")[0] in sys.stdlib_module_names for root in roots):
        raise ValueError(f"{name}: the client cannot have `{ast.unparse(one)}` and be one file")


def _defined(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for one in statements:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield one.name
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            yield from (node.id for node in ast.walk(one) if isinstance(node, ast.Name) and _is_stored(node))


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _ordered(modules: Mapping[str, Module]) -> list[str]:
    """Each module after those that it imports, the main one last; packages hold nothing but their docstrings."""
    order = TopologicalSorter({name: module.siblings for name, module in modules.items() if module.body}).static_order()
    return [*(name for name in order if name != MAIN), MAIN]


def _gathered(modules: Iterable[Module]) -> str:
    """What they import of the standard library, once and in order."""
    whole: set[str] = set()
    parts: dict[str, set[str]] = defaultdict(set)
    for one in (one for module in modules for one in module.imports):
        names = [ast.unparse(alias) for alias in one.names]
        if isinstance(one, ast.Import):
            whole.update(names)
        elif not is_ours(one):
            parts[str(one.module)].update(names)
    lines = [f"import {name}" for name in sorted(whole)]
    return "\n".join(
        lines + [f"from {name} import {', '.join(sorted(parts[name], key=_rank))}" for name in sorted(parts)]
    )


def _rank(name: str) -> tuple[bool, bool, str]:
    """Constants, classes, functions: the order in which linters want them."""
    return not name.isupper(), not name[0].isupper(), name


def _section(module: Module) -> str:
    """A module's part of the file."""
    title = [f"---- {module.name.removeprefix(f'{PACKAGE}.')} ----", *module.docstring.strip().splitlines()]
    gap = "\n\n\n" if module.body.startswith(("def ", "class ", "@")) else "\n\n"
    return "\n".join(f"# {line}".rstrip() for line in title) + gap + module.body


def _name(path: Path) -> str:
    """A file's name as a module."""
    return ".".join([PACKAGE, *path.relative_to(FOLDER).with_suffix("").parts])
