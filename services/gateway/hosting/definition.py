"""Writes a challenge.toml with a comment for everything that an organiser may want to change. Pure.

All that can be read off the truth is filled in; the rest has the defaults of the scorer's own example, and says so.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from services.gateway.hosting.material import Material, Stock
from services.gateway.hosting.scorer import Kind
from shared.challenge import WEEK_SECONDS

PUBLIC = ("validation", "val", "dev", "practice", "train", "sample")
"""Splits of these names are taken to be public."""

MANY_CATEGORIES = 100
"""From so many on five guesses are usual; below, one."""

SAMPLE_ROWS = 3
_LEAST_BYTES = 1_000_000
_NUMBERED = re.compile(r"(.*?)(\d+)([^\d]*)")
_ENDING = re.compile(r"\.[A-Za-z]{1,5}$")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a definition is written of."""

    name: str
    title: str
    year: int
    kind: Kind
    stock: Stock

    @property
    def guesses(self) -> int:
        """How many guesses an image has."""
        usual = int(self.kind.rules["guesses"])
        return usual if self.stock.categories >= MANY_CATEGORIES else 1

    @property
    def headline(self) -> str:
        """What decides: of errors by guesses the one with all of them."""
        usual = str(self.kind.rules["headline"])
        return f"top_{self.guesses}_error" if re.fullmatch(r"top_\d+_error", usual) else usual


def definition(draft: Draft) -> str:
    """The whole file."""
    lines = [*_head(draft), "", *_task(draft)]
    for material in draft.stock.splits:
        lines += ["", *_split(draft, material)]
    return "\n".join(lines) + "\n"


def image_pattern(names: Sequence[str]) -> str:
    """The pattern that makes `names` of their numbers from 1, if one does; else nothing."""
    stems = [_ENDING.sub("", name) for name in names]
    found = _NUMBERED.fullmatch(stems[0]) if stems else None
    if found is None or not 1 <= len(found[2]) <= 9 or "{" in stems[0]:
        return ""
    pattern = f"{found[1]}{{:0{len(found[2])}d}}{found[3]}"
    made = [pattern.format(number) for number in range(1, len(stems) + 1)]
    return pattern if made == stems and len(pattern) <= 64 else ""


def is_public(split: str) -> bool:
    """Whether a split of this name is taken to have a truth that is no secret."""
    return split in PUBLIC


def sample(draft: Draft) -> str:
    """The first rows of a file in the task's form. Made up: nothing of the truth is in it."""
    if draft.kind.name not in _ROWS:
        return str(draft.kind.rules["sample"]).lstrip("\n")
    material = draft.stock.splits[0]
    rows = min(SAMPLE_ROWS, material.images)
    return "".join(f"{_row(draft, material, row)}\n" for row in range(rows))


_ROWS = ("classification", "scene-classification", "localization", "detection", "video-detection", "video-tracking")


def _row(draft: Draft, material: Material, row: int) -> str:
    category = row % draft.stock.categories + 1
    name = material.names[row] if material.names else f"image_{row + 1:04d}"
    box = f"{10 * row + 12}.5 30 {10 * row + 145} 110"
    return {
        "classification": " ".join(str((row + each) % draft.stock.categories + 1) for each in range(draft.guesses)),
        "scene-classification": f"{name} {category - 1}",
        "localization": f"{category} {box}",
        "detection": f"{row + 1} {category} 0.9{row} {box}",
        "video-detection": f"{row + 1} {category} -1 0.9{row} {box}",
        "video-tracking": f"{row + 1} {category} 1 0.9{row} {box}",
    }[draft.kind.name]


def _head(draft: Draft) -> Iterator[str]:
    yield "# A challenge of your own. Look it over, then, in this order (docs/host-your-own.md):"
    yield "#   python -m services.gateway challenge check FOLDER     everything that is wrong, by line; previews of its pages"
    yield "#   python -m services.gateway challenge publish FOLDER   live, for the teams that you invite"
    yield f"#   python -m services.gateway challenge open {draft.name}   for everybody"
    yield "# What is published does not change: to correct something, raise `version` and publish again; everything that was"
    yield "# submitted is then scored anew."
    yield f"name = {_text(draft.name)}"
    yield "version = 1"
    yield f"title = {_text(draft.title)}"
    yield f"year = {draft.year}"
    yield "# Two or three sentences: what is to be found out, where the images come from, whom to ask."
    yield f"description = {_text(f'{draft.title}: {_sizes(draft)}.')}"
    yield "# Where images and labels are from, and under which licence."
    yield "sources = []"
    if draft.stock.names:
        yield "# The categories: id, WNID, height and children (both for hierarchies of WordNet only), name."
        yield 'synsets = "categories.tsv"'


def _sizes(draft: Draft) -> str:
    images = sum(material.images for material in draft.stock.splits)
    return f"{images:,} images, {draft.stock.categories:,} categories"


def _task(draft: Draft) -> Iterator[str]:
    rules = draft.kind.rules
    protocol = rules["protocol"]
    yield f"[tasks.{draft.kind.name}]"
    yield "# Which rule. Of those that come with Holdout docs/tasks/ says what they measure, and which files they read."
    yield f"kind = {_text(draft.kind.name)}"
    yield f"title = {_text(draft.kind.title)}"
    yield "# The metric that decides; names that end in _error sort down, all others up."
    yield f"headline = {_text(draft.headline)}"
    if rules["winner"] != "headline":
        yield f"winner = {_text(rules['winner'])}"
    if re.fullmatch(r"top_\d+_error", draft.headline):
        yield "# How many guesses of an image count. With 5, top_1_error to top_5_error are all reported."
        yield f"guesses = {draft.guesses}"
    yield f"categories = {draft.stock.categories}"
    yield f"# {_arithmetic(draft)[0]}"
    yield f"max_bytes = {_arithmetic(draft)[1]:_}"
    yield "# What the page tells teams to send, and the first lines of such a file (made up)."
    yield f"format = {_long(_format(draft))}"
    if text := sample(draft):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        yield f"sample = {_long(escaped)}"
    yield "# How sure the rule is: proven (equal to official code), derived, or recalled; and from where."
    yield f"protocol = {{ confidence = {_text(protocol['confidence'])}, source = {_text(protocol['source'])} }}"
    if rules["options"]:
        pairs = ", ".join(f"{name} = {json.dumps(value)}" for name, value in rules["options"].items())
        yield f"options = {{ {pairs} }}"


def _format(draft: Draft) -> str:
    """What to send, in words."""
    count, first = draft.stock.categories, 0 if draft.kind.name == "scene-classification" else 1
    ids = f"Categories are numbers from {first} to {count + first - 1}"
    ids += ", in the order of categories.tsv." if draft.stock.names else "."
    guesses = "the number of a category" if draft.guesses == 1 else f"up to {draft.guesses} numbers, the surest first"
    forms = {
        "classification": "A text file with one line per image, in the alphabetical order of the images' names, without "
        f"the names, and on it {guesses}. 0 is no guess.",
        "scene-classification": f"A text file with one line per image, in any order: the image's name and {guesses}.",
        "localization": "A text file with one line per image, in the alphabetical order of the images' names: category, "
        "xmin, ymin, xmax, ymax, the surest guess first. 0 is no guess.",
        "detection": "A text file with one line per detection, in any order: image's number, category, confidence, xmin, "
        "ymin, xmax, ymax, in inclusive pixels. COCO results are read, too, with these numbers as ids.",
        "scene-parsing": "A zip of gray PNG masks of the images' sizes and names; 0 is no category.",
    }
    usual = draft.kind.rules["format"].strip() or f"Say here what to send. {ids}"
    sentences = f"{forms[draft.kind.name]} {ids}" if draft.kind.name in forms else usual
    return " \\\n".join(wrap(sentences, 110, break_long_words=False, break_on_hyphens=False))


def _arithmetic(draft: Draft) -> tuple[str, int]:
    """The largest file, and from what that follows."""
    images = max(material.images for material in draft.stock.splits)
    truth = max(len(file) for material in draft.stock.splits for file in material.files.values())
    categories = draft.stock.categories
    each = {
        "classification": (
            8 * categories + 400,
            f"{images:,} images × {categories:,} scores of 8 bytes, or 400 of text",
        ),
        "scene-classification": (400, f"{images:,} images × 400 bytes of name and guesses"),
        "localization": (1200, f"{images:,} images × 1,200 bytes of guesses with boxes"),
        "detection": (30_000, f"{images:,} images × 300 detections of 100 bytes"),
        "scene-parsing": (100_000, f"{images:,} masks × 100 kB"),
    }.get(draft.kind.name)
    if each is None:
        return "Twenty times the truth, a megabyte at least.", max(20 * truth, _LEAST_BYTES)
    size = min(max(images * each[0], _LEAST_BYTES), 500_000_000)
    return f"{each[1]}; a megabyte at least, 500 at most.", size


def _split(draft: Draft, material: Material) -> Iterator[str]:
    table = f"tasks.{draft.kind.name}.splits.{material.split}"
    public = is_public(material.split)
    yield f"[{table}]"
    yield f"title = {_text(material.split.capitalize())}"
    yield f"images = {material.images}"
    yield "# Whether the truth is a secret. Where it is none, files in another numbering are told so."
    yield f"held_out = {json.dumps(not public)}"
    if pattern := image_pattern(material.names):
        yield "# The images' names: JSON may name them."
        yield f"image_names = {_text(pattern)}"
    yield ""
    yield f"[{table}.limits]"
    yield "# How often a team may submit. Splits that share images share a pool, in other challenges, too."
    yield f"pool = {_text(f'{draft.name}-{material.split}'[:64])}"
    if public:
        yield "# Against floods only."
        yield "places = 600"
        yield "window_seconds = 3600"
        return
    yield "# Two a week keep a test set a test set: each score tells a little of it."
    yield "places = 2"
    yield f"window_seconds = {WEEK_SECONDS:_}"
    yield "# So many rejected files a day cost no place."
    yield "forgiven_per_day = 20"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _long(text: str) -> str:
    return f'"""\n{text}"""'
