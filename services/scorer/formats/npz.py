"""Opens an .npz: a zip archive with one array, read by `zips` as it is unfolded."""

from services.scorer.formats.blocks import Readable
from services.scorer.formats.npy import refuse
from services.scorer.formats.zips import MAGIC, Archive, Contents, Member, Unfolding

__all__ = ["MAGIC", "MOST_MEMBERS", "open_npz"]

MOST_MEMBERS = 16

CHOSEN = ("predictions", "arr_0")
"""Which array counts where there are several: the first of these."""

_AGAIN = "Save it again with numpy.savez, with one array."
_PLAIN = "Save it with numpy.savez (not compressed) or numpy.save."


def open_npz(data: Readable, most_bytes: int) -> Unfolding:
    """The archive's one array (or the one of `CHOSEN`). Raises `Unreadable`, also if all would be above `most_bytes`."""
    archive = Archive(data, Contents("array", MOST_MEMBERS, most_bytes, _AGAIN, _PLAIN))
    others = [member.name for member in archive.members if not member.name.endswith(".npy")]
    if others or not archive.members:
        found = f"there is {others[0][:60]!a}" if others else "it is empty"
        refuse("archive-members", f"The archive should hold an array (.npy); {found}.", _AGAIN)
    return archive.open(_chosen(archive.members))


def _chosen(members: tuple[Member, ...]) -> Member:
    named = {member.name.removesuffix(".npy"): member for member in members}
    wanted = [named[name] for name in CHOSEN if name in named]
    if len(members) > 1 and not wanted:
        shown = ", ".join(sorted(named))[:80]
        refuse("archive-members", f"The archive holds several arrays: {shown!a}.", "Call one of them predictions.")
    return wanted[0] if wanted else members[0]
