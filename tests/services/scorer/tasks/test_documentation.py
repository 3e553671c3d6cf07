"""docs/tasks/classification.md tells every refusal that reading can give, and shows what its command prints."""

import re
import subprocess
import sys

import pytest

from tests.services.scorer.official import ROOT

PAGE = (ROOT / "docs" / "tasks" / "classification.md").read_text(encoding="utf-8")


def test_every_code_is_on_the_page() -> None:
    scorer = ROOT / "services/scorer"
    readers = [*(scorer / "formats").glob("*.py"), *(scorer / "diagnosis").glob("*.py")]
    sources = [*readers, scorer / "tasks/classification.py"]
    written = " ".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', written)) - {"truth-unreadable", "utf-8", "model-zoo"}
    codes |= {f"too-{too}-{what}" for too in ("few", "many") for what in ("lines", "rows")}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


@pytest.mark.parametrize(("command", "shown"), re.findall(r"```sh\n(.*?)\n```\n\n```\n(.*?)\n```", PAGE, re.DOTALL))
def test_the_commands_print_what_the_page_shows(command: str, shown: str) -> None:
    program, *arguments = command.split()
    assert program == "python"
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == shown
