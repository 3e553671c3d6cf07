"""The tasks' pages tell every refusal that reading can give; classification's shows what its command prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.scorer.protocol import Task
from services.scorer.tasks import TASKS
from tests.services.scorer.official import ROOT

SCORER = ROOT / "services" / "scorer"
PAGE = (ROOT / "docs" / "tasks" / "classification.md").read_text(encoding="utf-8")


def codes_in(*paths: Path) -> set[str]:
    written = " ".join(path.read_text(encoding="utf-8") for path in paths)
    codes = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', written))
    return codes - {"utf-8", "model-zoo", *(task.NAME for task in TASKS)}


def test_every_code_of_reading_and_of_diagnosis_is_on_a_task_s_page() -> None:
    readers = [*(SCORER / "formats").glob("*.py"), *(SCORER / "diagnosis").glob("*.py")]
    codes = codes_in(*readers) | {f"too-{too}-{what}" for too in ("few", "many") for what in ("lines", "rows", "masks")}
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "tasks").glob("*.md"))
    assert {code for code in codes if f"`{code}`" not in pages} == set()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.NAME)
def test_every_code_of_a_task_is_on_its_page(task: Task) -> None:
    page = (ROOT / "docs" / "tasks" / f"{task.NAME}.md").read_text(encoding="utf-8")
    codes = codes_in(SCORER / "tasks" / f"{task.NAME.replace('-', '_')}.py") - {"definition-mismatch"}
    assert {code for code in codes if f"`{code}`" not in page} == set()


@pytest.mark.parametrize(("command", "shown"), re.findall(r"```sh\n(.*?)\n```\n\n```\n(.*?)\n```", PAGE, re.DOTALL))
def test_the_commands_print_what_the_page_shows(command: str, shown: str) -> None:
    program, *arguments = command.split()
    assert program == "python"
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == shown
