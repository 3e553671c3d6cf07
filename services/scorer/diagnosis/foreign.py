"""Files that are no predictions at all: web pages, pointers, archives and other programs' files, error messages, logs.

`formats.recognise` has refused most of them by their first bytes; these rules look further in.
"""

import re

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, shown

_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,80})", re.IGNORECASE)
_PAGE = re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)
_POINTER = b"version https://git-lfs.github.com/spec/"
_STAMP = re.compile(
    r"\s*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b|[IWEF]\d{4} \d\d:)"
)
_EPOCH = re.compile(r"\s*(epoch|iter|iteration|step|batch|test|eval|loading|downloading)\b.*[\[\d%:]", re.IGNORECASE)
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Interrupt|Exit)\b.*")
_TEXT = "Send a text file: one line of ids per image."
MOST = 0.6
"""A log has a few lines of other kinds in between."""


def _web_page(sight: Sight) -> Cause | None:
    if not _PAGE.match(sight.start):
        return None
    title = _TITLE.search(sight.start)
    called = f" ({shown(title[1].decode('utf-8', 'replace'))})" if title else ""
    sentence = f"This is a web page{called}: a page to sign in, or of an error, was saved in place of the file."
    return Cause("web-page", sentence, "Download the file itself, signed in; look into it before you send it.")


def _git_lfs_pointer(sight: Sight) -> Cause | None:
    if not sight.start.startswith(_POINTER):
        return None
    size = re.search(rb"\nsize (\d{1,18})", sight.start)
    what = f" of {int(size[1]):,} bytes" if size else ""
    sentence = f"This is a Git LFS pointer: it stands for a file{what} that was not fetched."
    return Cause("git-lfs-pointer", sentence, "Run `git lfs pull`, and send the file that it fetches.")


def _zip(sight: Sight) -> Cause | None:
    """What a zip archive holds decides what it is; NumPy's are read elsewhere."""
    if not sight.start.startswith(b"PK\x03\x04"):
        return None
    names = _names_in_zip(sight.start)
    if any(name.endswith(".npy") for name in names):
        return None
    if any(name.endswith("/data.pkl") for name in names):
        return Cause("saved-array", "This is a PyTorch file, as torch.save writes.", _TEXT)
    if any(name == "[Content_Types].xml" or name.startswith(("xl/", "word/")) for name in names):
        return Cause(
            "document", "This is an Office document (xlsx, docx), not plain text.", "Export it as CSV or text."
        )
    inside = f" It starts with {shown(names[0])}." if names else ""
    return Cause("archive", f"This is a zip archive, not the file inside.{inside}", "Unpack it and send the text file.")


def _names_in_zip(start: bytes) -> list[str]:
    """The names in the local headers near the start: enough to know the kind, and nothing is unpacked."""
    names = []
    for header in re.finditer(rb"PK\x03\x04", start):
        place = header.start()
        length = int.from_bytes(start[place + 26 : place + 28], "little")
        names.append(start[place + 30 : place + 30 + length].decode("utf-8", "replace"))
    return names


def _tar(sight: Sight) -> Cause | None:
    if sight.start[257:262] != b"ustar":
        return None
    name = sight.start[:100].split(b"\0")[0].decode("utf-8", "replace")
    sentence = f"This is a tar archive, not the file inside. It starts with {shown(name)}."
    return Cause("archive", sentence, "Unpack it and send the text file.")


def _error_message(sight: Sight) -> Cause | None:
    lines = [*sight.head, *(place.text for place in sight.places), sight.last]
    if not any("Traceback (most recent call last)" in line for line in lines):
        return None
    said = next((line for line in reversed(lines) if _EXCEPTION.fullmatch(line.strip())), "")
    sentence = f"This holds a program's error message{f' ({shown(said)})' if said else ''}: it failed before its end."
    remedy = "Mend the program, and let it write its predictions to a file of their own, without messages."
    return Cause("error-message", sentence, remedy)


def _log(sight: Sight) -> Cause | None:
    of_log = [line for line in sight.head if _STAMP.match(line) or _EPOCH.match(line)]
    if not of_log or len(of_log) < MOST * len(sight.head):
        return None
    sentence = f"This is a program's log ({shown(of_log[0])}), not its predictions."
    return Cause("log-file", sentence, "Write the ids to a file of their own, without messages.")


RULES = (_web_page, _git_lfs_pointer, _zip, _tar, _error_message, _log)
