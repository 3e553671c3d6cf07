"""Lines that are not where they should be: line ends of other systems, doubled ones, none at all, a file cut off."""

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, shown, words_of

_LINE_ENDS = "End lines with LF or CRLF."


def _nothing(sight: Sight) -> Cause | None:
    if sight.refusal.code != "empty-file":
        return None
    what = f"only blanks: {len(sight.data):,} bytes" if len(sight.data) else "0 bytes"
    sentence = f"The file is empty ({what}): its program wrote nothing, or had not closed it when it was sent."
    return Cause("empty-file", sentence, "Write one line of ids for each image, and send the file once it is closed.")


def _other_encoding(sight: Sight) -> Cause | None:
    if sight.refusal.code != "utf-16":
        return None
    sentence = "This is UTF-16 text, as > in Windows PowerShell and Excel's Unicode text write it."
    return Cause("utf-16", sentence, "Save it as UTF-8; in PowerShell: … | Out-File -Encoding utf8 predictions.txt")


def _old_macintosh(sight: Sight) -> Cause | None:
    if b"\r" not in sight.start or b"\n" in sight.start or sight.refusal.code != "lone-carriage-return":
        return None
    sentence = "Lines end in a carriage return alone, as old Macintosh programs and Excel's CSV (Macintosh) write."
    return Cause("old-mac-line-ends", sentence, _LINE_ENDS)


def _doubled_returns(sight: Sight) -> Cause | None:
    if b"\r\r\n" not in sight.start:
        return None
    sentence = "Lines end in two carriage returns and a line feed: Windows line ends were written as text once more."
    return Cause("doubled-line-ends", sentence, 'In Python open the file with newline="" before csv writes to it.')


def _blank_between(sight: Sight) -> Cause | None:
    """At least two blank lines, and every second line of the first ones is blank."""
    blank = [not line.strip() for line in sight.head]
    if sum(blank) < 2 or not (all(blank[1::2]) and not any(blank[::2])):
        return None
    sentence = "Every second line is blank: each line was ended twice."
    return Cause(
        "doubled-line-ends", sentence, 'Write one line end per line; print(…, end="") if the text has its own.'
    )


def _one_line(sight: Sight) -> Cause | None:
    """Only where the one line is evidently many images': more ids than an image has guesses, on each counted image."""
    images, holds_line_end = sight.expected or 0, b"\n" in sight.start or b"\r" in sight.start
    if images < 2 or holds_line_end or sight.lines not in (1, None) or not sight.head:
        return None
    if len(words_of(sight.head[0])) <= sight.case.guesses or sight.start[:1] in (b"[", b"{"):
        return None
    sentence = f"All ids stand on one line ({shown(sight.head[0])}), and there are {images:,} images."
    return Cause("one-line", sentence, "End the line after the guesses of each image.")


def _cut_off(sight: Sight) -> Cause | None:
    """Too few lines, no line end at the end, and a last line that is shorter than the others."""
    if sight.lines is None or not sight.expected or sight.lines >= sight.expected or sight.ended or sight.lines < 2:
        return None
    usual = {len(words_of(line)) for line in sight.head[: sight.lines - 1]}
    if len(usual) != 1 or len(words_of(sight.last)) >= usual.pop():
        return None
    sentence = f"The file breaks off in the middle of line {sight.lines:,} ({shown(sight.last)}): the rest is missing."
    remedy = "Let the program finish and close the file, see that the disk is not full, and send it again."
    return Cause("cut-off", sentence, remedy)


RULES = (_nothing, _other_encoding, _old_macintosh, _doubled_returns, _blank_between, _one_line, _cut_off)

OF_NAMED_ROWS = tuple(rule for rule in RULES if rule is not _blank_between)
"""Those that hold for lines with names, too, between which a blank line does no harm."""

OF_BOXES = (_other_encoding, _old_macintosh, _doubled_returns, _blank_between)
"""Those that hold for lines of one box each, of which there may be any number."""
