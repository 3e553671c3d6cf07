"""Finds every number in a text of rows, in one pass over its bytes, and every place where something else stands.

Second step of reading tables: recognise → table_kernel → table. Nothing is put into words here, and nothing raised.

The text: lines end in LF or CRLF; numbers are separated by spaces, tabs or single commas; no line is blank. What a
number may look like is its column's: `kinds`, taken up anew where a line has more columns.
"""

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.decimals import MOST_DIGITS, decimal
from services.scorer.formats.digits import NONE, ONE, digits
from services.scorer.formats.tokens import LARGEST
from services.scorer.formats.wording import Kind
from services.scorer.kernels import TEXT, kernel

WHOLE, SIGNED, DECIMAL, UNBOUNDED = range(4)
"""Digits up to `LARGEST`; the same with a minus; finite decimals; decimals and ±inf."""

PLACE, LINE, LINE_START, COLUMN, PHASE, COMMA, VALUES, FAULTS, LATE, BINARY = range(10)
"""What `state` holds between calls: where in the text, which line (from 0) and where it starts, how many numbers of it
were read, which of `kinds` comes next, where the comma is that nothing followed yet (-1); how many values, faults and
late numbers; where a control byte is (-1)."""
STATE_SIZE = 10

FAULT_SIZE = 5
"""Of a fault: `Kind`, place, line, where the line starts, and the column's kind or the number of columns."""

LATE_SIZE = 6
"""Of a number that only `float` can read: start, stop, index of its value, line, where the line starts, the column's kind."""

MOST_LATE = 2**13

_NEWLINE, _RETURN, _SPACE, _PLUS, _COMMA, _MINUS, _DOT, _ZERO, _E, _CASE, _DELETE = (
    10, 13, 32, 43, 44, 45, 46, 48, 101, 32, 127,
)  # fmt: skip

_BLANKS, _GAPS = (np.isin(np.arange(256), list(marks)) for marks in (b" \t", b" \t\r\n,"))
"""For each byte whether it is one."""

_U_MOST, _U_LARGEST = np.uint64(MOST_DIGITS), np.uint64(LARGEST)

_WORD, _TOO_LARGE, _READ, _LATE = int(Kind.WORD), int(Kind.TOO_LARGE), -1, -2
"""How reading a word went: two are faults."""

_LONGEST_INFINITY = len("-infinity")

_KIND_RETURN, _KIND_BLANK, _KIND_EMPTY = int(Kind.LONE_RETURN), int(Kind.BLANK_LINE), int(Kind.EMPTY_FIELD)
_KIND_COLUMNS = int(Kind.COLUMNS)


@kernel()
def _at(text: NDArray[np.uint8], place: int) -> int:
    """The byte at `place`. An unsigned index cannot count from the end, so that nothing is tested for it."""
    return int(text[np.uint64(place)])


@kernel()
def _is_gap(byte: int) -> bool:
    """Whether `byte` stands between words."""
    return bool(_GAPS[np.uint64(byte)])


@kernel()
def _word_end(text: NDArray[np.uint8], place: int, size: int) -> int:
    while place < size and not _is_gap(_at(text, place)):
        place += 1
    return place


@kernel()
def _whole(text: NDArray[np.uint8], place: int, size: int) -> tuple[int, int]:
    """The digits from `place` on as a number, and where they end; above `LARGEST` it is any number above."""
    number = 0
    while place < size:
        digit = _at(text, place) - _ZERO
        if digit < 0 or digit > 9:
            break
        number = number * 10 + digit
        if number > LARGEST:
            number = LARGEST + 1
        place += 1
    return number, place


@kernel()
def _long_mantissa(text: NDArray[np.uint8], place: int, stop: int) -> tuple[int, int]:
    """The first `MOST_DIGITS` digits that count, and the exponent of the last of them."""
    mantissa, exponent, kept, point = 0, 0, 0, False
    for index in range(place, stop):
        digit = _at(text, index) - _ZERO
        if digit < 0:
            point = True
        elif kept < MOST_DIGITS:
            mantissa = mantissa * 10 + digit
            kept += mantissa > 0
            exponent -= point
        else:
            exponent += not point
    return mantissa, exponent


@kernel()
def _mantissa(text: NDArray[np.uint8], place: int, size: int) -> tuple[int, int, int, int]:
    """Digits with at most one point, as long as they fit: mantissa, exponent, how many digits, where they end."""
    mantissa, start = 0, place
    while place < size:
        digit = _at(text, place) - _ZERO
        if digit < 0 or digit > 9:
            break
        mantissa = mantissa * 10 + digit
        place += 1
    if place == size or _at(text, place) != _DOT:
        return mantissa, 0, place - start, place
    point = place
    place += 1
    while place < size:
        digit = _at(text, place) - _ZERO
        if digit < 0 or digit > 9:
            break
        mantissa = mantissa * 10 + digit
        place += 1
    return mantissa, point + 1 - place, place - start - 1, place


@kernel()
def power_of_ten(text: NDArray[np.uint8], place: int, size: int) -> tuple[int, int]:
    """What stands behind an e, and where it ends; without a digit it ends where it starts."""
    start, negative = place, False
    if place < size and (_at(text, place) == _MINUS or _at(text, place) == _PLUS):
        negative = _at(text, place) == _MINUS
        place += 1
    number, stop = _whole(text, place, size)
    if stop == place:
        return 0, start
    return (-number if negative else number), stop


@kernel()
def _decimal(text: NDArray[np.uint8], place: int, size: int) -> tuple[float, int, int]:
    """A number, where it ends, and whether it was read, is late or is none."""
    negative = _at(text, place) == _MINUS
    if negative or _at(text, place) == _PLUS:
        place += 1
    start = place
    mantissa, exponent, digits, place = _mantissa(text, place, size)
    if digits == 0:
        return 0.0, place, _WORD
    cut = digits > MOST_DIGITS
    if cut:
        mantissa, exponent = _long_mantissa(text, start, place)
    if place < size and _at(text, place) | _CASE == _E:
        power, stop = power_of_ten(text, place + 1, size)
        if stop == place + 1:
            return 0.0, place, _WORD
        exponent, place = exponent + power, stop
    value, sure = decimal(mantissa, exponent)
    if cut and sure:
        # What was cut off is less than one: both neighbours must agree.
        above, sure = decimal(mantissa + 1, exponent)
        sure = sure and above == value
    return (-value if negative else value), place, (_READ if sure else _LATE)


@kernel()
def _number(text: NDArray[np.uint8], place: int, size: int, kind: int) -> tuple[float, int, int]:
    """The word that starts at `place`, read as a number of this kind: its value, where it ends, how that went."""
    if kind <= SIGNED:
        negative = kind == SIGNED and _at(text, place) == _MINUS
        start = place + negative
        number, stop = _whole(text, start, size)
        value = float(-number if negative else number)
        how = _WORD if stop == start else _TOO_LARGE if number > LARGEST else _READ
    else:
        value, stop, how = _decimal(text, place, size)
    if stop < size and not _is_gap(_at(text, stop)):
        how = _WORD
    if how == _WORD:
        stop = _word_end(text, place, size)
        if kind == UNBOUNDED and stop - place <= _LONGEST_INFINITY:
            how = _LATE
    return value, stop, how


@kernel()
def _passed(text: NDArray[np.uint8], place: int, size: int) -> tuple[float, int, int]:
    """A word more than the line should have: whatever it says, the line is refused."""
    return 0.0, _word_end(text, place, size), _READ


@kernel()
def _note(found: NDArray[np.int64], count: int, kind: int, place: int, line: int, start: int, detail: int) -> int:
    """Keep a fault if it is one of the first; how many there are now."""
    if count < len(found):
        fault = found[count]
        fault[0], fault[1], fault[2], fault[3], fault[4] = kind, place, line, start, detail
    return count + 1


@kernel()
def _control(text: NDArray[np.uint8], place: int, stop: int) -> int:
    """Where the first control character is; -1 if there is none."""
    for index in range(place, stop):
        if _at(text, index) < _SPACE or _at(text, index) == _DELETE:
            return index
    return -1


@kernel()
def _line_faults(
    found: NDArray[np.int64], faults: int, column: int, columns: int, comma: int, line: int, start: int
) -> int:
    """Note what is wrong with a line as a whole; how many faults there are now."""
    if comma >= 0:
        return _note(found, faults, _KIND_EMPTY, comma, line, start, 0)
    if column == 0:
        return _note(found, faults, _KIND_BLANK, start, line, start, 0)
    if columns > 0 and column != columns:
        # At the line's start: it explains what else is wrong there.
        return _note(found, faults, _KIND_COLUMNS, start, line, start, column)
    return faults


@kernel()
def _delay(
    late: NDArray[np.int64], lates: int, place: int, stop: int, index: int, line: int, start: int, kind: int
) -> int:
    """Leave a word to Python; how many are left now."""
    word = late[lates]
    word[0], word[1], word[2], word[3], word[4], word[5] = place, stop, index, line, start, kind
    return lates + 1


@kernel()
def _is_lone(text: NDArray[np.uint8], place: int, size: int) -> bool:
    """Whether no line feed follows the carriage return at `place`."""
    return place + 1 < size and _at(text, place + 1) != _NEWLINE


@kernel()
def _usual_line(
    text: NDArray[np.uint8], start: int, kinds: NDArray[np.int64], values: NDArray[np.float64], index: int, step: int
) -> tuple[int, int]:
    """Read a line as nearly every file has it: plain numbers, one space between two. Where it ends; how many it has.

    They go to `values`, the first to `index`, each `step` behind the other. No numbers where the line is not of this
    kind, or is at fault: then it is to be read byte by byte.
    """
    size, place, phase, count, end = np.uint64(len(text)), np.uint64(start), 0, 0, _SPACE
    while end == _SPACE:
        kind = kinds[phase]
        negative = kind != WHOLE and place < size and text[place] == _MINUS
        place += ONE if negative else NONE
        number, stop, _ = digits(text, place, size, NONE)
        fraction, usual = NONE, stop > place
        if kind >= DECIMAL and stop < size and text[stop] == _DOT:
            point = stop + ONE
            number, stop, _ = digits(text, point, size, number)
            fraction, usual = stop - point, usual and stop > point
        if not usual or stop - place > _U_MOST or (kind <= SIGNED and number > _U_LARGEST):
            return start, 0
        signed = np.int64(number)
        if kind <= SIGNED:
            value = float(-signed if negative else signed)
        else:
            value, usual = decimal(int(signed), -int(fraction))
            value = -value if negative else value
        if not usual or count * step + index >= len(values):
            return start, 0
        values[index + count * step] = value
        count += 1
        phase = phase + 1 if phase + 1 < len(kinds) else 0
        end = int(text[stop]) if stop < size else _NEWLINE
        place = stop + ONE
    return (int(place), count) if end == _NEWLINE else (start, 0)


@kernel(f"void({TEXT}, int64[::1], int64[::1], boolean, float64[::1], int32[::1], int64[:,::1], int64[:,::1])")
def tokenize(  # noqa: C901  (one loop over the bytes: what is rare is called out)
    text: NDArray[np.uint8],
    state: NDArray[np.int64],
    kinds: NDArray[np.int64],
    fixed: bool,
    values: NDArray[np.float64],
    lengths: NDArray[np.int32],
    found: NDArray[np.int64],
    late: NDArray[np.int64],
) -> None:
    """Read on from `state` to the end of `text`, or until `late` is full or a control byte is met.

    fixed: every line has one number for each of `kinds`; `values` is column after column, each of all lines, and
    `lengths` is not filled. Else `values` is line after line, and `lengths` how many numbers each line has.
    """
    size, columns = len(text), len(kinds)
    lines, needed = len(values) // columns, columns if fixed else 0
    place, line, start, column, comma = state[PLACE], state[LINE], state[LINE_START], state[COLUMN], state[COMMA]
    count, faults, lates, phase, ended = state[VALUES], state[FAULTS], 0, state[PHASE], False
    while not ended:
        if column == 0 and comma < 0 and place == start and place < size:
            index, step = (line, lines) if fixed else (count, 1)
            stop, numbers = _usual_line(text, place, kinds, values, index, step)
            if numbers and (numbers == columns or not fixed):
                if not fixed:
                    lengths[line] = numbers
                place, start, line, count, ended = stop, stop, line + 1, count + numbers, stop > size
                continue
        byte = _at(text, place) if place < size else _NEWLINE
        if _BLANKS[np.uint64(byte)]:
            place += 1
        elif byte == _NEWLINE:
            faults = _line_faults(found, faults, column, needed, comma, line, start)
            if not fixed:
                lengths[line] = column
            ended = place >= size
            place += 1
            line, start, column, comma, phase = line + 1, place, 0, -1, 0
        elif byte == _COMMA:
            if comma >= 0 or column == 0:
                faults = _note(found, faults, _KIND_EMPTY, place, line, start, 0)
            comma = place
            place += 1
        elif byte == _RETURN:
            if _is_lone(text, place, size):
                faults = _note(found, faults, _KIND_RETURN, place, line, start, 0)
            place += 1
        else:
            kind = kinds[phase]
            beyond = fixed and column >= columns
            value, stop, how = _passed(text, place, size) if beyond else _number(text, place, size, kind)
            index = column * lines + line if fixed else count
            if how == _LATE:
                lates = _delay(late, lates, place, stop, index, line, start, kind)
                ended = lates == len(late)
            elif how != _READ:
                faults = _note(found, faults, how, place, line, start, kind)
                state[BINARY] = _control(text, place, stop)
                ended = state[BINARY] >= 0
            elif not beyond:
                values[index] = value
            place, count, column, comma = stop, count + 1, column + 1, -1
            phase = phase + 1 if phase + 1 < columns else 0
    state[PLACE], state[LINE], state[LINE_START], state[COLUMN], state[COMMA] = place, line, start, column, comma
    state[VALUES], state[FAULTS], state[LATE], state[PHASE] = count, faults, lates, phase
