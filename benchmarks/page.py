"""docs/performance.md: each benchmark rewrites its own section, between its two markers, and no other's."""

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def rewrite(section: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between `<!-- section -->` and `<!-- /section -->`; at the end of the page if they are not there."""
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before = page.read_text(encoding="utf-8")
    if start not in before:
        before = f"{before.rstrip()}\n\n{start}\n{end}\n"
    head, rest = before.split(start, 1)
    tail = rest.split(end, 1)[1]
    page.write_text(f"{head}{start}\n{text.strip()}\n{end}{tail}", encoding="utf-8")
