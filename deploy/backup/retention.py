"""What an old backup is rid of: bases beyond the newest few, their points, the log before, objects that none names."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.backup.bases import Base, all_bases, stretch
from deploy.backup.catalogue import digests_in
from deploy.backup.place import Place
from deploy.backup.points import all_points


def forget_old_bases(place: Place, keep: int) -> list[str]:
    """Delete all bases but the newest `keep` that have a point, and those after them; returns the names.

    Only by the program that holds the place's lock, and not while it copies. A deleted object thus stays for as long as
    a base from before its deletion.
    """
    pointed = {point.base for point in all_points(place)}
    bases = all_bases(place)
    good = [base for base in bases if base.name in pointed]
    old = [base for base in bases if len(good) > keep and base.name < good[-keep].name]
    for base in old:
        # The points first: a point must never be without its base.
        for point in all_points(place):
            if point.base == base.name:
                (place.points / f"{point.name}.json").unlink()
        shutil.rmtree(place.base(base.name))
    if old:
        _clear_log(place, all_bases(place))
        _clear_objects(place)
        _clear_secrets(place)
    return [base.name for base in old]


def _clear_log(place: Place, bases: list[Base]) -> None:
    for folder in place.streams.iterdir():
        mine = [base.name for base in bases if base.stream == folder.name]
        if not mine:
            shutil.rmtree(folder)
            continue
        first = stretch(place, mine[0]).segments(0)[0]
        for segment in folder.iterdir():
            if len(segment.name) == len(first) and segment.name < first:
                segment.unlink()


def _clear_objects(place: Place) -> None:
    named = {digest for path in place.bases.glob("*/catalogue.jsonl") for digest in digests_in(path)}
    for path in kept_objects(place):
        if path.name not in named:
            path.unlink()


def _clear_secrets(place: Place) -> None:
    named = {point.secrets for point in all_points(place)}
    for path in (place.path / "secrets").glob("*.json"):
        if path.stem not in named:
            path.unlink()


def kept_objects(place: Place) -> Iterator[Path]:
    """Every object's file."""
    return (place.path / "objects").glob("[0-9a-f][0-9a-f]/*")
