"""Reads a zip archive of masks: one PNG of class numbers for each image, by its base name, in whatever folder.

First the archive and its names are judged, then masks are unfolded and decoded one at a time. Nothing is ever extracted.
"""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from services.scorer.formats.blocks import Bytes, Readable
from services.scorer.formats.faults import FaultList, wrong_count
from services.scorer.formats.names import missing_image
from services.scorer.formats.png import Size, Unfit, read_labels
from services.scorer.formats.recognise import called
from services.scorer.formats.roster import Roster
from services.scorer.formats.zips import MAGIC, Archive, Contents, Member
from shared.errors import Fault, Unreadable

ENDING = ".png"
EMPTY = b"PK\x05\x06"
"""How an archive without files begins: with its end."""

MASK_BYTES = 2**20
"""So many may a mask have on average: three times a mask of 683 × 512 that is not compressed at all."""

LARGEST_MASK_BYTES = 2**25
"""Of one PNG: twice the most pixels that are decoded, which even a PNG that is not compressed stays below."""

UNKNOWN_IMAGES = 10_000
"""So many are allowed for where their number is not known."""

MEMBERS_PER_IMAGE = 3
"""A mask, what a Macintosh adds to it, perhaps a folder; and some more in all."""

SPARE_MEMBERS = 100
SHOWN_CHARACTERS = 80

_AGAIN = "Pack the PNG masks again, into one zip archive, and send the whole file."
_ZIP = "Send a zip archive with one PNG mask for each image."
_NAMES = "Call each mask as its image: ADE_val_00000001.png for ADE_val_00000001.jpg."


@dataclass(frozen=True, slots=True)
class Masks:
    """An archive whose names have been judged: `members` in the order of the images, None for one that is missing."""

    archive: Archive
    roster: Roster
    members: tuple[Member | None, ...]

    def labels(self, image: int, size: Size | None, highest: int) -> Bytes | Fault:
        """(height, width) class numbers of an image, from 0 to `highest`; or what is wrong with its mask.

        Raises `Unreadable` where the archive itself is damaged.
        """
        member = self.members[image]
        if member is None:
            return missing_image(self.roster.name(image + 1), "mask")
        if member.unfolded > LARGEST_MASK_BYTES:
            what = f"has {member.unfolded:,} bytes; a mask has at most {LARGEST_MASK_BYTES:,}."
            return _fault(member.name, Unfit("mask-too-large", what, "Save it as an 8-bit gray PNG, compressed."))
        found = read_labels(bytes(self.archive.open(member).take(member.unfolded)), size)
        if isinstance(found, Unfit):
            return _fault(member.name, found)
        unfit = _too_high(found, highest)
        return _fault(member.name, unfit) if unfit else found


def open_masks(data: Readable, roster: Roster | None, images: int | None, faults: FaultList) -> Masks:
    """Judge an archive and its names. `roster` says which images there are; None: those that the archive has.

    Adds doubled, unknown and misnamed masks to `faults`; a missing one is told when it is asked for. Raises `Unreadable`
    for what is no such archive.
    """
    refuse_other_files(data)
    number = (roster.images if roster else None) or images or UNKNOWN_IMAGES
    most_members = MEMBERS_PER_IMAGE * number + SPARE_MEMBERS
    archive = Archive(data, Contents("mask", most_members, (number + SPARE_MEMBERS) * MASK_BYTES, _AGAIN, _AGAIN))
    members = [member for member in archive.members if not _is_clutter(member.name)]
    wrong = [_fault(member.name, unfit) for member in members if (unfit := _wrong_name(member.name))]
    faults.add(wrong, len(wrong))
    masks = [member for member in members if not _wrong_name(member.name)]
    roster = roster or Roster(list(dict.fromkeys(_base(member.name) for member in masks)))
    return Masks(archive, roster, _placed(masks, roster, images, faults))


def _placed(masks: list[Member], roster: Roster, images: int | None, faults: FaultList) -> tuple[Member | None, ...]:
    """The masks in the order of the images, with a gap where one is missing."""
    placed: dict[int, Member] = {}
    for member, number in zip(masks, roster.find([_base(member.name) for member in masks]).tolist(), strict=True):
        if number == 0:
            faults.add((_fault(member.name, Unfit("unknown-image", "is for no image of this split.", _NAMES)),), 1)
        elif number in placed:
            what = f"is a second mask of an image; the first is {_shown(placed[number].name)}."
            faults.add((_fault(member.name, Unfit("duplicate-image", what, "Send one mask for each image.")),), 1)
        placed.setdefault(number, member)
    placed.pop(0, None)
    if roster.images is None and images is not None and len(placed) != images:
        faults.add((wrong_count(images, len(placed), "mask"),), 1)
    known = max(placed, default=0) if roster.images is None else roster.images
    return tuple(placed.get(number) for number in range(1, known + 1))


def refuse_other_files(data: Readable) -> None:
    """Raise `Unreadable` if `data` is empty or no zip archive."""
    if len(data) == 0:
        _refuse("empty-file", "The file is empty.")
    if bytes(memoryview(data).cast("B")[: len(MAGIC)]) == MAGIC:
        return
    if bytes(memoryview(data).cast("B")[:4]) == EMPTY:
        _refuse("archive-members", "The archive is empty.")
    _refuse("not-a-zip", f"This is {called(data) or 'a file of another kind'}, not a zip archive of masks.")


def _refuse(code: str, sentence: str) -> NoReturn:
    raise Unreadable(code, sentence, _ZIP, (Fault(code, sentence, _ZIP),))


def _parts(name: str) -> list[str]:
    """Folders and file; some programs for Windows write backslashes."""
    return name.replace("\\", "/").split("/")


def _base(name: str) -> bytes:
    return _parts(name)[-1].encode()


def _is_clutter(name: str) -> bool:
    """Folders, and what systems add on their own: __MACOSX/._a.png, .DS_Store, Thumbs.db."""
    parts = _parts(name)
    return (
        not parts[-1] or "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1] in ("Thumbs.db", "desktop.ini")
    )


def _wrong_name(name: str) -> Unfit | None:
    parts = _parts(name)
    if ".." in parts or not parts[0] or ":" in parts[0] or "\0" in name:
        return Unfit("archive-members", "is a path out of the archive.", _AGAIN)
    if not name.lower().endswith(ENDING):
        return Unfit("not-a-mask", "is no PNG, and nothing else is wanted here.", _ZIP)
    return None


def _too_high(labels: Bytes, highest: int) -> Unfit | None:
    if int(labels.max()) <= highest:
        return None
    row, column = np.unravel_index(int(np.argmax(labels > highest)), labels.shape)
    what = f"holds {labels[row, column]} in row {row + 1:,}, column {column + 1:,}; categories go up to {highest}."
    return Unfit("value-too-high", what, f"Write 1 to {highest} for the categories and 0 for everything else.")


def _fault(name: str, unfit: Unfit) -> Fault:
    return Fault(unfit.code, f"{_shown(name)} {unfit.what}", unfit.remedy)


def _shown(name: str) -> str:
    return ascii(name[-SHOWN_CHARACTERS:])
