"""Mistakes that people make with files of predictions, made here as they are made: with the programs that make them."""

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np

from tests.services.scorer.diagnosis.mistake import IMAGES, Mistake, around, definition, guesses, written

GOOD = written(guesses())
TEXT = GOOD.decode()
ROWS = TEXT.splitlines()
ARRAY = np.array(guesses())
FIRST = "771 778 794 387 650"
NAME = "ILSVRC2012_val_{:08d}"


def saved_text(array: np.ndarray, **options: str) -> bytes:
    file = io.BytesIO()
    np.savetxt(file, array, **options)
    return file.getvalue()


def comma_separated(rows: list[list[object]], **options: int) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", **options).writerows(rows)  # type: ignore[arg-type]
    return file.getvalue().encode()


def zipped(names: list[str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, GOOD[:1000])
    return file.getvalue()


def in_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("results/predictions.txt")
        entry.size = len(GOOD)
        archive.addfile(entry, io.BytesIO(GOOD))
    return file.getvalue()


def probabilities(logarithms: bool = False) -> bytes:
    """A score for each of the 1,000 categories: fifty images' worth tell as much as all."""
    logits = np.random.default_rng(1).normal(0, 3, (50, 1000))
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return saved_text(logits if logarithms else softmax, fmt="%.6f")


def with_scores(form: str) -> bytes:
    scores = (0.61, 0.2, 0.07, 0.05, 0.01)
    lines = (" ".join(form.format(i, s) for i, s in zip(line, scores, strict=True)) for line in guesses())
    return "\n".join(lines).encode() + b"\n"


def named(form: str = "{name},{ids}", twice: bool = False) -> bytes:
    numbers = [1, 1, *range(3, IMAGES + 1)] if twice else range(1, IMAGES + 1)
    rows = (form.format(name=NAME.format(n), ids=row.replace(" ", ",")) for n, row in zip(numbers, ROWS, strict=True))
    return "\n".join(rows).encode() + b"\n"


def wnids() -> bytes:
    names = [synset.wnid for synset in definition().synsets]
    return "\n".join(" ".join(names[i - 1] for i in line) for line in guesses()).encode() + b"\n"


def words() -> bytes:
    names = [synset.name.split(",")[0] for synset in definition().synsets]
    return "\n".join(",".join(names[i - 1] for i in line) for line in [[1, 2, 3, 4, 5], *guesses()[1:]]).encode()


def of_kaggle() -> bytes:
    rows = [f"{NAME.format(n)},n03995372 85 1 499 272 n02119789 1 1 50 50 " for n in range(1, IMAGES + 1)]
    return "\n".join(["ImageId,PredictionString", *rows]).encode() + b"\n"


def printed_array() -> bytes:
    with np.printoptions(threshold=1000):
        return str(ARRAY).encode() + b"\n"


LOGIN = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in - cluster files</title></head>
<body><form action="/login" method="post"><input name="user"></form></body>
</html>
"""

POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 975318
"""

TRACEBACK = b"""Traceback (most recent call last):
  File "predict.py", line 41, in <module>
    model = load("resnet152.pth")
FileNotFoundError: [Errno 2] No such file or directory: 'resnet152.pth'
"""

LOG = b"".join(b"2012-10-01 12:%02d:00,000 INFO batch %d of 196 done\n" % (n // 4, n) for n in range(200))

BAR = b"".join(b"Test: [%d/196]\tTime 0.104 (0.141)\tAcc@1 78.12 (77.02)\n" % n for n in range(196))


def foreign_files() -> Iterator[Mistake]:
    yield Mistake("a login page, saved in place of the file", LOGIN, "web-page", "Sign in - cluster files", "signed in")
    yield Mistake("a Git LFS pointer", POINTER, "git-lfs-pointer", "975,318 bytes", "git lfs pull", 3)
    yield Mistake("a program's traceback", TRACEBACK, "error-message", "FileNotFoundError", "Mend the program", 4)
    yield Mistake(
        "predictions, then a traceback", GOOD[:9000] + TRACEBACK, "error-message", "FileNotFound", "Mend", 465
    )
    yield Mistake("a program's log", LOG, "log-file", "INFO batch 0", "a file of their own", 200)
    yield Mistake("a training script's progress", BAR, "log-file", "Test: [0/196]", "a file of their own", 196)
    yield Mistake("the file in a zip", zipped(["predictions.txt"]), "archive", "predictions.txt", "Unpack")
    yield Mistake("the file in a tar", in_tar(), "archive", "results/predictions.txt", "Unpack", 1)
    yield Mistake("the file twice compressed (gzip in gzip)", gzip.compress(GOOD, mtime=0), "archive", "gzip", "Unpack")
    yield Mistake("the file as .xz", lzma.compress(GOOD), "archive", "an xz archive", "Unpack")
    yield Mistake("the file as .bz2", bz2.compress(GOOD), "archive", "a bzip2 archive", "Unpack")
    yield Mistake("a pickle", pickle.dumps(guesses()[:9]), "saved-array", "a Python pickle", "text file")
    yield Mistake(
        "a PyTorch .pt file", zipped(["ids/data.pkl", "ids/data/0"]), "saved-array", "torch.save", "text file"
    )
    mat = b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Mon Oct  1".ljust(124) + b"\x00\x01IM"
    yield Mistake("a MATLAB .mat file", mat, "saved-array", "a MATLAB file", "text file")
    book = zipped(["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"])
    yield Mistake("an Excel workbook (.xlsx)", book, "document", "an Office document", "Export it as CSV")
    yield Mistake("a PDF", b"%PDF-1.5\n%\xd0\xd4\xc5\xd8\n", "document", "a PDF document", "text file")
    yield Mistake("an empty file", b"", "empty-file", "0 bytes", "once it is closed")


def notations() -> Iterator[Mistake]:
    lists = "\n".join(map(str, guesses())).encode() + b"\n"
    yield Mistake("Python lists, one a line", lists, "python-lists", "[771, 778, 794, 387, 650]", '" ".join')
    arrays = "\n".join(str(row) for row in ARRAY[:500]).encode()
    yield Mistake("NumPy arrays, printed", arrays, "numpy-print", "[771 778 794 387 650]", "numpy.savetxt")
    yield Mistake(
        "a long NumPy array, printed with …", printed_array(), "print-cut-short", "left out", "the whole array"
    )
    tensors = "\n".join(" ".join(f"tensor({i})" for i in line) for line in guesses()).encode()
    yield Mistake("tensors, printed", tensors, "tensor-print", "tensor(771)", "ids.tolist()", 1)
    objects = "\n".join(json.dumps({"image": n, "ids": line}) for n, line in enumerate(guesses())).encode()
    yield Mistake("JSON Lines", objects, "json-lines", "JSON object of its own", "one JSON document")


def layouts() -> Iterator[Mistake]:
    yield Mistake("line ends of old Macs", GOOD.replace(b"\n", b"\r"), "old-mac-line-ends", "alone", "LF or CRLF", 1)
    yield Mistake("UTF-16 from PowerShell's >", TEXT.encode("utf-16"), "utf-16", "PowerShell", "-Encoding utf8")
    doubled = GOOD.replace(b"\n", b"\r\r\n")
    yield Mistake("CR CR LF (csv on Windows)", doubled, "doubled-line-ends", "two carriage returns", 'newline=""', 1)
    between = GOOD.replace(b"\n", b"\n\n")
    yield Mistake(
        "a blank line after each line", between, "doubled-line-ends", "Every second line", "one line end", 50_001
    )
    yield Mistake("all ids on one line", GOOD.replace(b"\n", b" "), "one-line", "50,000 images", "End the line", 1)
    yield Mistake("a file cut off", GOOD[:600_001], "cut-off", "in the middle of line", "close the file", 30_834)
    inside = GOOD.replace(b"\n", b"\n\n", 1)
    yield Mistake("one blank line inside", inside, "blank-line", "the first is line 2", "write 0", 50_001)


def tables() -> Iterator[Mistake]:
    yield Mistake("a submission for Kaggle", of_kaggle(), "kaggle-submission", "Kaggle", "labels=wnid", 50_001)
    yield Mistake("image names in the first column", named(), "image-names", "val_00000001", "alphabetical", 1)
    last = named("{ids},{name}")
    yield Mistake("image names at the end of lines", last, "image-names-last", "val_00000001", "Leave the names out", 1)
    label = "\n".join(f"{line[0]} {NAME.format(n)}.JPEG" for n, line in enumerate(guesses(), start=1)).encode()
    yield Mistake(
        "columns swapped: label, then image", label, "image-names-last", "wrong way round", "Leave the names", 1
    )
    yield Mistake("one image twice", named(twice=True), "image-twice", "lines, 1 and 2", "one line for each", 1)
    heading = b"guess1,guess2,guess3,guess4,guess5\n" + written(guesses(), ",")
    yield Mistake("CSV with a heading", heading, "heading", "50,001 lines for 50,000", "line 1 is the first", 50_001)
    names_too = b"image,guess\n" + named("{name}.JPEG,{ids}")
    yield Mistake("CSV with a heading and names", names_too, "image-names", "val_00000001", "Leave the names", 50_001)
    index = [["", *range(5)], *([n, *line] for n, line in enumerate(guesses()))]
    yield Mistake("pandas' index and heading", comma_separated(index), "pandas-index", "pandas", "index=False", 50_001)
    yield Mistake(
        "numbers in front of lines", around("{}: ", " ", ""), "line-numbers", "'1: 771", "the place of a line", 1
    )
    no_heading = comma_separated([[n, *line] for n, line in enumerate(guesses())])
    yield Mistake(
        "pandas' index without a heading", no_heading, "looks-like-line-numbers", "Column 1", accepted=True, line=1
    )
    swapped = written([[line[0], n] for n, line in enumerate(guesses(), start=1)])
    yield Mistake(
        "columns swapped: label, then number", swapped, "looks-like-line-numbers", "Column 2", accepted=True, line=1
    )


def counts() -> Iterator[Mistake]:
    yield Mistake("49,999 lines", written(guesses()[1:]), "one-line-missing", "49,999 lines", "header=None", 49_999)
    yield Mistake("50,001 lines", GOOD + GOOD[:20], "one-line-too-many", "50,001 lines", "given twice", 50_001)
    test = written(guesses(100_000))
    yield Mistake("the file for the test images", test, "other-split", "the split test", "to the split test", 50_001)
    whole = written(guesses()[:49_920])
    yield Mistake("the last batch dropped", whole, "last-batch-dropped", "80 images", "drop_last=False", 49_920)
    padded = GOOD + written(guesses()[:176])
    yield Mistake("the last batch filled up", padded, "last-batch-padded", "176 lines", "after the last image", 50_001)
    one_each = GOOD.replace(b" ", b"\n")
    yield Mistake("each guess on a line of its own", one_each, "guess-per-line", "× 5 guesses", "on one line", 50_001)
    yield Mistake("half the images", written(guesses()[:25_000]), "too-few-lines", "found 25,000", "one line", 25_000)
    twice = GOOD + GOOD
    yield Mistake("a file written twice", twice, "everything-twice", "lines twice", 'open(path, "w")', 50_001)
    yield Mistake(
        "the file for the validation images",
        GOOD,
        "other-split",
        "validation",
        "to the split validation",
        50_000,
        split="test",
    )


def tokens() -> Iterator[Mistake]:
    yield Mistake("softmax values", probabilities(), "probabilities", "as a softmax gives", "labels=model-zoo", 50)
    yield Mistake("logits", probabilities(True), "scores", "(logits)", "indices of the highest scores", 50)
    yield Mistake("id:score pairs", with_scores("{}:{}"), "ids-with-scores", "771:0.61", "Leave the scores out", 1)
    yield Mistake("ids and scores in turn", with_scores("{} {}"), "ids-with-scores", "771 0.61", "Leave the scores", 1)
    yield Mistake("semicolons", written(guesses(), ";"), "other-separator", "by semicolons", "Separate ids", 1)
    yield Mistake("pipes", written(guesses(), "|"), "other-separator", "by pipes", "Separate ids", 1)
    yield Mistake("a comma at the end of lines", around("", ",", ","), "trailing-comma", "end in a comma", "join", 1)
    quoted = comma_separated([list(map(str, line)) for line in guesses()], quoting=csv.QUOTE_ALL)
    yield Mistake('ids in quotes ("771")', quoted, "quoted-ids", "quotation marks", "QUOTE_NONE", 1)
    yield Mistake("numpy.savetxt without fmt", saved_text(ARRAY), "ids-as-floats", "7.71", 'fmt="%d"', 1)
    yield Mistake("ids as 771.0", written(ARRAY.astype(float).tolist()), "ids-as-floats", "771.0", "whole", 1)
    short = saved_text(ARRAY, fmt="%.2e")
    yield Mistake("ids in scientific notation", short, "ids-as-floats", "7.71e+02", "whole numbers", 1)
    yield Mistake("names of categories", words(), "category-names", "by words", "1 for 'kit fox'", 1)
    yield Mistake("WNIDs, sent as ids", wnids(), "wnids", "by WNIDs", "labels=wnid", 1)
    holes = around("", ",", "").replace(b",650\n", b",nan\n").replace(b",13\n", b",nan\n")
    yield Mistake("NaN for missing guesses", holes, "nan-for-nothing", "'nan'", "Write 0", 1)
    yield Mistake("None for missing guesses", around("", " ", " None"), "nan-for-nothing", "'None'", "Write 0", 1)
    yield Mistake("-1 for missing guesses", around("", " ", " -1"), "negative-ids", "-1 (line 1)", "Write 0", 1)
    wide = TEXT.translate({ord("0") + n: ord("０") + n for n in range(10)}).encode()
    yield Mistake("full-width digits", wide, "foreign-digits", "full-width", "0 to 9", 1)
    no_break = TEXT.replace(" ", "\u00a0").encode()
    yield Mistake("no-break spaces, copied from a page", no_break, "other-spaces", "special spaces", "plain spaces", 1)


def accepted() -> Iterator[Mistake]:
    zero_based = written((ARRAY - 1).tolist())
    yield Mistake("0-based ids of a model zoo", zero_based, "looks-zero-based", "labels=model-zoo", accepted=True)
    top = written([line[:1] for line in guesses()])
    yield Mistake("only the best guess", top, "missing-guesses", "fewer than 5", accepted=True, line=1)
    constant = written([guesses()[0]] * IMAGES)
    yield Mistake("the same line for every image", constant, "same-line-everywhere", "one thing", accepted=True, line=1)
    repeated = written([[line[0]] * 5 for line in guesses()])
    yield Mistake("one id five times", repeated, "repeated-guesses", "twice in one line", accepted=True, line=1)
    many = written((ARRAY * 21).tolist())
    yield Mistake("ids of ImageNet-21k", many, "looks-like-other-list", "ImageNet-21k", accepted=True, line=1)
    boxes = written([[n for i in line for n in (i, 1, 1, 500, 375)] for line in guesses()])
    yield Mistake("a localization file", boxes, "looks-like-boxes", "an id and a box", accepted=True, line=1)
    thousands = GOOD.replace(b"1000", b"1,000")
    yield Mistake("1,000 for 1000", thousands, "looks-like-thousands", "write 1000", accepted=True)
    yield Mistake("Windows line ends", GOOD.replace(b"\n", b"\r\n"), "", accepted=True)
    yield Mistake("a UTF-8 byte order mark", b"\xef\xbb\xbf" + GOOD, "", accepted=True)
    yield Mistake("blank lines at the end", GOOD + b"\n\n", "", accepted=True)
    yield Mistake("tabs", GOOD.replace(b" ", b"\t"), "", accepted=True)
    yield Mistake("a space after each comma", written(guesses(), ", "), "", accepted=True)


MISTAKES: tuple[Mistake, ...] = (
    *foreign_files(),
    *notations(),
    *layouts(),
    *tables(),
    *counts(),
    *tokens(),
    *accepted(),
)
