"""docs/tasks/classification.md tells every refusal that reading can give, and shows what its command prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.scorer.official import ROOT

SCORER = ROOT / "services/scorer"
PAGES = ROOT / "docs" / "tasks"
PAGE = (PAGES / "classification.md").read_text(encoding="utf-8")

NO_CODES = {"truth-unreadable", "utf-8", "model-zoo"}
OF_THE_OPERATOR = {"unknown-part", "bundle-unreadable", "definition-mismatch"}
"""Stand in docs/api.md."""


def readers(path: Path, seen: set[Path]) -> set[Path]:
    """The module at `path` and all of formats and diagnosis that it imports, directly or not."""
    seen.add(path)
    for package, name in re.findall(r"from services\.scorer\.(formats|diagnosis)\.(\w+) import", path.read_text()):
        found = SCORER / package / f"{name}.py"
        if found not in seen:
            readers(found, seen)
    for names in re.findall(r"from services\.scorer\.diagnosis import (.*)", path.read_text()):
        for name in re.findall(r"\w+", names):
            readers(SCORER / "diagnosis" / f"{name}.py", seen)
    return seen


@pytest.mark.parametrize(
    ("task", "pages", "never_said"),
    [
        ("classification", ["classification"], set()),
        ("detection", ["detection", "classification"], {"unexpected-track"}),
        ("video_detection", ["video-detection", "detection", "classification"], set()),
        ("localization", ["localization", "classification"], {"wrong-columns"}),
        ("scene_classification", ["scene-classification", "classification"], set()),
        ("scene_parsing", ["scene-parsing", "classification"], set()),
        ("video_tracking", ["video-tracking", "detection", "classification"], {"unexpected-track"}),
    ],
)
def test_every_code_is_on_the_page(task: str, pages: list[str], never_said: set[str]) -> None:
    sources = readers(SCORER / "tasks" / f"{task}.py", set())
    assert len(sources) > 5
    written = " ".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', written)) - NO_CODES - OF_THE_OPERATOR - set(pages)
    if task == "classification":
        codes |= {f"too-{too}-{what}" for too in ("few", "many") for what in ("lines", "rows")}
    told = " ".join((PAGES / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    assert {code for code in codes if f"`{code}`" not in told} == never_said


@pytest.mark.parametrize(("command", "shown"), re.findall(r"```sh\n(.*?)\n```\n\n```\n(.*?)\n```", PAGE, re.DOTALL))
def test_the_commands_print_what_the_page_shows(command: str, shown: str) -> None:
    program, *arguments = command.split()
    assert program == "python"
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == shown
