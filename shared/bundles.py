"""Packs the ground truth of a split where it is more than one file: a zip of stored members, one of them `truth`.

Written by the operator's commands, read by the scorer (`services/scorer/formats/bundle.py`) without unpacking.
"""

import io
import zipfile
from collections.abc import Mapping

TRUTH = "truth"
"""The member in the grammar of submissions; a zip without it is no bundle but a plain file."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o100644 << 16


def pack(parts: Mapping[str, bytes]) -> bytes:
    """The bundle of `parts`, or the truth alone as it is. The same parts give the same bytes, in whatever order."""
    if parts.keys() == {TRUTH}:
        return parts[TRUTH]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(parts):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system, member.external_attr = _UNIX, _READABLE
            archive.writestr(member, parts[name])
    return packed.getvalue()
