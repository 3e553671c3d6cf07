"""Guesses with boxes read in one go: what the tokenizer finds, or nothing."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from services.scorer.formats.blocks import content
from services.scorer.formats.located import GRAMMAR, GROUP, no_guess
from services.scorer.formats.table import read_lines
from services.scorer.formats.usual_located import read_usual_located

WIDTH = 2

sides = st.one_of(
    st.integers(-999, 9999).map(str), st.floats(-1e6, 1e6).map(repr), st.decimals(-999, 999, places=6).map(str)
)
guesses = st.builds("{} {} {} {} {}".format, st.integers(0, 2**31), sides, sides, sides, sides)
usual_lines = st.one_of(st.just("0"), st.lists(guesses, min_size=1, max_size=4).map(" ".join))


@given(
    st.lists(usual_lines, min_size=1), st.integers(0), st.sampled_from(["", "0", " ", "\n", "\r", ",", ".", "-", "x"])
)
@example(["1 2 3 4 5"], 9, "\n")
@example(["1 2 3 4 5."], 0, "")
@example(["1 2 3 4 -"], 0, "")
@example(["1 2 3 4 0.3000000000000000000"], 0, "")
def test_one_pass_finds_what_the_tokenizer_finds_or_nothing(lines: list[str], place: int, mark: str) -> None:
    """A mark put anywhere makes a file unusual, or means the same to both."""
    text = "\n".join(lines)
    place %= len(text) + 1
    data = content((text[:place] + mark + text[place:]).encode())
    count = data.tobytes().rstrip(b"\n").count(b"\n") + 1
    found = read_usual_located(data, WIDTH, count)
    if found is None:
        return
    numbers, lengths, boxes = found
    expected = read_lines(data.tobytes(), GRAMMAR, count)
    assert (lengths == np.where(no_guess(expected), 0, expected.lengths // GROUP)).all()
    assert ((expected.lengths % GROUP == 0) | no_guess(expected)).all()
    starts = expected.starts()
    for line in range(count):
        kept = expected.values[starts[line] : starts[line + 1]]
        groups = np.zeros((WIDTH, GROUP))
        if lengths[line]:
            first = kept.reshape(-1, GROUP)[:WIDTH]
            groups[: len(first)] = first
        assert (numbers[line] == groups[:, 0]).all()
        assert boxes[:, line].T.tobytes() == groups[:, 1:].tobytes()


def test_files_as_they_are_written_are_usual() -> None:
    text = content(b"1 2 3.5 4 5.25\n0\n7 1 1 2 2 8 -1 0.001 9 9.125 9 0 0 1 1\n")
    found = read_usual_located(text, WIDTH, 3)
    assert found is not None
    assert found[0].tolist() == [[1, 0], [0, 0], [7, 8]]
    assert found[1].tolist() == [1, 0, 3]
    assert found[2][:, 2, 1].tolist() == [-1, 0.001, 9, 9.125]


def test_a_wrong_number_of_lines_is_left_to_be_told() -> None:
    for lines in (1, 3, 10**12):
        assert read_usual_located(content(b"1 2 3 4 5\n0\n"), WIDTH, lines) is None


def test_what_is_not_usual_is_none() -> None:
    for line in (b"1 2 3 4", b"1 2 3 4 5 ", b" 1 2 3 4 5", b"1  2 3 4 5", b"0 0", b"3", b"1.0 2 3 4 5", b"1 1e1 3 4 5"):
        assert read_usual_located(content(line + b"\n0"), WIDTH, 2) is None, line
