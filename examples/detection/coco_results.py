# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Turns the results of detectron2 or mmdetection into a submission to detection.

    python coco_results.py coco_instances_results.json --annotations val.json --images val.txt --categories detection.tsv
    python client.py submit detections.txt --challenge ilsvrc2014 --task detection --split validation

Both write COCO's results: objects with image_id, category_id, bbox and score, whose ids are those of your annotations. The
server takes that file as it is when they are the split's indices and the challenge's ids; else this looks up the names.
"""

import argparse
import json
from pathlib import Path


def main() -> None:
    """Write a line for each box: image, category, score, and the corners, which are inclusive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="coco_instances_results.json, or mmdetection's ….bbox.json")
    parser.add_argument("--annotations", type=Path, required=True, help="the COCO file that the tool was run on")
    parser.add_argument("--images", type=Path, required=True, help="the split's list: NAME INDEX a line")
    parser.add_argument("--categories", type=Path, required=True, help="the challenge's table: id, WNID, …, name")
    parser.add_argument("--output", type=Path, default=Path("detections.txt"))
    options = parser.parse_args()

    annotations = json.loads(options.annotations.read_text())
    names = {each["id"]: Path(each["file_name"]).stem for each in annotations["images"]}
    images = numbered(names, listed(options.images))
    names = {each["id"]: each["name"] for each in annotations["categories"]}
    categories = numbered(names, tabled(options.categories))
    with options.output.open("w") as file:
        for found in json.loads(options.results.read_text()):
            left, top, width, height = found["bbox"]
            place = (images[found["image_id"]], categories[found["category_id"]], found["score"])
            file.write(" ".join(map(str, (*place, left, top, left + width - 1, top + height - 1))) + "\n")


def listed(path: Path) -> dict[str, int]:
    """The index of each image by its name, without folder and ending, as the kit's lists have it."""
    return {Path(name).stem: int(index) for name, index in map(str.split, path.read_text().splitlines())}


def tabled(path: Path) -> dict[str, int]:
    """The id of each category, by its WNID and by its name."""
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {name: int(row[0]) for row in rows for name in (row[1], row[-1])}


def numbered(names: dict[int, str], known: dict[str, int]) -> dict[int, int]:
    """The challenge's number for each of yours; a name that it does not have ends the program, with nothing written."""
    if unknown := sorted(set(names.values()) - known.keys()):
        raise SystemExit(f"the challenge's list has no {unknown[0]!r}, and {len(unknown) - 1} more")
    return {mine: known[name] for mine, name in names.items()}


if __name__ == "__main__":
    main()
