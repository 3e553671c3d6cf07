"""A warm parent at rest keeps no page of a library that it can read again."""

import mmap
from pathlib import Path

import pytest

from services.scorer.sandbox import kernel
from services.scorer.sandbox.pages import let_go, untouched

SMAPS = """\
7f1000000000-7f1000003000 r--p 00000000 fe:00 11   /usr/lib/libshort.so
Size:                 12 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
7f0ff0003000-7f0ff0004000 r--p 00003000 fe:00 11   /usr/lib/libswapped.so
Size:                  4 kB
Anonymous:             0 kB
Swap:                  4 kB
VmFlags: rd mr mw me
7f1000003000-7f1000004000 r--p 00003000 fe:00 11   /usr/lib/librelocated.so
Size:                  4 kB
Anonymous:             4 kB
Swap:                  0 kB
VmFlags: rd mr mw me
7f1000004000-7f1000005000 rw-p 00004000 fe:00 11   /usr/lib/libwritten.so
Size:                  4 kB
Anonymous:             0 kB
Swap:                  0 kB
7f1000005000-7f1000007000 r-xp 00005000 fe:00 11   /usr/lib/lib with a blank.so
Size:                  8 kB
Anonymous:             0 kB
Swap:                  0 kB
7f1000007000-7f1000008000 r--p 00000000 00:00 0
Size:                  4 kB
Anonymous:             0 kB
Swap:                  0 kB
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0    [vdso]
Size:                  8 kB
Anonymous:             0 kB
Swap:                  0 kB
"""


def test_only_what_a_file_holds_unchanged_is_forgotten() -> None:
    assert list(untouched(SMAPS)) == [(0x7F1000000000, 0x3000), (0x7F1000005000, 0x2000)]


@pytest.mark.skipif(not kernel.LINUX, reason="other systems keep their pages")
def test_what_was_forgotten_is_read_again(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    path = tmp_path / "library"
    path.write_bytes(content)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == content
        before = resident_kib(path)
        let_go()
        after = resident_kib(path)
        assert (before, after) == (1024, 0)
        assert mapped[:] == content


def resident_kib(path: Path) -> int:
    """How much of a mapped file this process holds."""
    rows = Path("/proc/self/smaps").read_text().split(f"{path}\n", 1)[1].splitlines()
    return int(next(row for row in rows if row.startswith("Rss:")).split()[1])
