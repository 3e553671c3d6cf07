"""Reads the part `videos` of a truth: which frames of the list belong to which video, `<name> <first> <last>` a line."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.wording import shown
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

_NUMBER = re.compile(rb"[1-9]\d{0,8}")


@dataclass(frozen=True, slots=True)
class Videos:
    """The videos in the order of their names, byte by byte, which decides ties between them (`unique` of MATLAB).

    first, last: (videos,) the frames of each, both included. by_frame: (videos,) the same videos by their first frame.
    """

    names: tuple[bytes, ...]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    by_frame: NDArray[np.intp]

    def of(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """The video, from 0, of each of `frames`; −1 where no video has it."""
        firsts = self.first[self.by_frame]
        video = self.by_frame[np.maximum(np.searchsorted(firsts, frames, side="right") - 1, 0)]
        inside = (frames >= self.first[video]) & (frames <= self.last[video])
        return np.where(inside, video, -1)


def read_videos(part: Readable, frames: int | None) -> Videos:
    """Read the list. Raises `Unreadable` with every line that is none, for names twice and for frames in two videos."""
    lines = [line.split() for line in content(part).tobytes().split(b"\n")]
    faults = [fault for number, words in enumerate(lines, start=1) if (fault := _fault(number, words, frames))]
    names = [words[0] for words in lines if words]
    if not faults and len(set(names)) < len(names):
        number = next(number for number, name in enumerate(names, start=1) if name in names[: number - 1])
        sentence = f"The video {shown(names[number - 1])} stands here a second time."
        faults = [Fault("videos-unreadable", sentence, _REMEDY, number, 1)]
    _refuse(faults)
    videos = sorted((words[0], int(words[1]), int(words[2])) for words in lines)
    first, last = (np.array([video[end] for video in videos], np.int64) for end in (1, 2))
    by_frame = np.argsort(first)
    if (first[by_frame][1:] <= last[by_frame][:-1]).any():
        _refuse([Fault("videos-unreadable", "A frame belongs to two videos.", _REMEDY)])
    return Videos(tuple(name for name, _, _ in videos), first, last, by_frame)


_REMEDY = "Write a video in each line: its name, its first frame, its last frame."


def _fault(line: int, words: list[bytes], frames: int | None) -> Fault | None:
    good = len(words) == 3 and all(_NUMBER.fullmatch(word) for word in words[1:]) and int(words[1]) <= int(words[2])
    if good and (frames is None or int(words[2]) <= frames):
        return None
    sentence = f"{shown(b' '.join(words))} is not a name and two frames of the list."
    return Fault("videos-unreadable", sentence, _REMEDY, line, 1)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        first = faults[0]
        sentence = f"videos{f', line {first.line}' if first.line else ''}: {first.sentence}"
        raise Unreadable(first.code, sentence, first.remedy, tuple(faults[:SHOWN_FAULTS]), len(faults))
