"""The commands `score` and `check`, as people run them."""

import contextlib
import gzip
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean, median

import pytest

from services.scorer.commands import main
from services.scorer.formats.bundle import open_bundle
from services.scorer.offline import SCORED, Wanted, check, score
from services.scorer.unpacked import unpacked
from shared.challenge import read_challenge
from shared.errors import TooLarge
from shared.report import Check
from tests.services.scorer.boxes import official
from tests.services.scorer.official import REAL, ROOT, golden, needs_real_data

DEFINITION = ROOT / "deploy" / "challenges" / "ilsvrc2012"


def run(*arguments: object, command: str = "score") -> subprocess.CompletedProcess[str]:
    """What a command comes to, in this process: a start loads every kernel, and takes a second."""
    whole = [command, *map(str, arguments)]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            code = main(whole)
        except SystemExit as left:
            code = int(left.code or 0)
    return subprocess.CompletedProcess(whole, code, out.getvalue(), errors.getvalue())


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    predictions, truth = tmp_path / "predictions.txt", tmp_path / "truth.txt"
    predictions.write_text("1 2 3 4 5\n6 7 8 9 10\n5000 3\n")
    truth.write_text("3\n1\n5000\n")
    return predictions, truth


def test_a_process_of_its_own_says_the_same(files: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "services.scorer", "score", "classification", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == run("classification", *files).stdout


def test_prints_a_table_with_full_precision(files: tuple[Path, Path]) -> None:
    done = run("classification", *files)
    assert done.returncode == 0
    assert f"top_5_error  {1 / 3!r}" in done.stdout
    assert "hierarchical" not in done.stdout


def test_prints_json_with_the_names_of_a_report(files: tuple[Path, Path]) -> None:
    answer = json.loads(run("classification", *files, "--json").stdout)
    assert answer["outcome"] == "scored"
    assert answer["metrics"] == {f"top_{k}_error": [2 / 3, 2 / 3, 1 / 3, 1 / 3, 1 / 3][k - 1] for k in range(1, 6)}
    assert answer["intervals"]["top_5_error"]["99.9"] == {"low": 0.0, "high": 1.0}


def test_a_definition_adds_the_hierarchy_and_bounds_the_categories(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    truth.write_text("3\n1\n50\n")
    answer = json.loads(run("classification", predictions, truth, "--definition", DEFINITION, "--json").stdout)
    assert "hierarchical_error" in answer["metrics"]
    assert "unknown-categories" in {note["code"] for note in answer["notes"]}


def test_a_rejected_file_is_told_by_line_and_column(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    predictions.write_text("1\n2 x\n3\n")
    done = run("classification", predictions, truth)
    assert done.returncode == 1
    assert f"{predictions}:2:3: 'x' holds letters." in done.stdout
    answer = json.loads(run("classification", predictions, truth, "--json").stdout)
    assert (answer["outcome"], answer["faults"][0]["line"], answer["fault_count"]) == ("rejected", 2, 1)


def test_an_empty_file_is_rejected(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    predictions.write_bytes(b"")
    assert run("classification", predictions, truth).returncode == 1


@pytest.mark.parametrize("kind", ["missing file", "bad truth", "missing definition", "unknown task"])
def test_what_cannot_be_run_exits_with_2_and_a_sentence(kind: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    predictions, truth = files
    if kind == "bad truth":
        truth.write_text("zero\n")
    done = {
        "missing file": lambda: run("classification", tmp_path / "nothing", truth),
        "bad truth": lambda: run("classification", predictions, truth),
        "missing definition": lambda: run("classification", predictions, truth, "--definition", tmp_path),
        "unknown task": lambda: run("tasting", predictions, truth),
    }[kind]()
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_layer_of_gzip_is_opened_and_a_broken_one_told(files: tuple[Path, Path]) -> None:
    predictions = files[0]
    plain = predictions.read_bytes()
    expected = score(Wanted("classification"), *files)
    predictions.write_bytes(gzip.compress(plain))
    assert score(Wanted("classification"), *files) == expected
    assert check(Wanted("classification"), predictions)[0] == 0
    predictions.write_bytes(gzip.compress(plain)[:-9])
    code, told = score(Wanted("classification"), *files)
    assert code == 2
    assert told.startswith("error: gzip-broken: the gzip stream cannot be unpacked")


def test_gzip_is_opened_up_to_a_limit() -> None:
    assert unpacked(gzip.compress(b"1" * 10), most_bytes=10) == b"1" * 10
    with pytest.raises(TooLarge, match="more than 9 bytes"):
        unpacked(gzip.compress(b"1" * 10), most_bytes=9)


def test_categories_are_shown_some_in_a_table_and_all_with_curves_in_json(tmp_path: Path) -> None:
    file, excluded = tmp_path / "boxes.txt", tmp_path / "excluded.txt"
    file.write_text("".join(f"1 {category} 0.5 0 0 9 9\n" for category in range(1, 13)))
    table = score(Wanted("detection"), file, file)[1]
    assert "positives" in table
    assert "… and 2 more: --json has all" in table
    answer = json.loads(score(Wanted("detection", as_json=True), file, file)[1])
    assert (len(answer["categories"]), len(answer["curves"])) == (12, 12)
    excluded.write_text("1 n02672831\n")
    assert "WNIDs need --definition" in score(Wanted("detection"), file, file, {"excluded": excluded})[1]


@pytest.mark.parametrize(("images", "code"), [(3, 0), (4, 2)])
def test_a_score_holds_files_to_the_images_it_is_told(files: tuple[Path, Path], images: int, code: int) -> None:
    assert score(Wanted("classification"), *files, images=images)[0] == code


def test_a_check_tells_what_a_file_holds_and_never_a_score(files: tuple[Path, Path]) -> None:
    done = run("classification", files[0], command="check")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "accepted: 3 images, 12 guesses"
    assert "note: Lines hold fewer than 5 guesses" in done.stdout
    assert "error" not in done.stdout


def test_a_check_says_the_cause_then_the_faults_by_place(files: tuple[Path, Path]) -> None:
    files[0].write_text("1;2\n3;4\n5;6\n")
    done = run("classification", files[0], "--images", 3, command="check")
    assert done.returncode == 1
    first, second, *_ = done.stdout.splitlines()
    assert first == "rejected: Ids are separated by semicolons ('1;2'). Separate ids by spaces, tabs or single commas."
    assert second.startswith(f"{files[0]}:1:1: '1;2' is not one number.")


def test_a_check_by_a_definition_names_it_and_the_split_that_a_file_was_meant_for(files: tuple[Path, Path]) -> None:
    files[0].write_text("".join(f"{n % 999 + 1}\n" for n in range(100_000)))
    done = run(
        "classification", files[0], "--definition", DEFINITION, "--split", "validation", "--json", command="check"
    )
    checked = Check.model_validate_json(done.stdout)
    assert done.returncode == 1
    assert (checked.challenge, checked.version, checked.split) == ("ilsvrc2012", 2, "validation")
    assert checked.failure
    assert checked.failure.code == "other-split"
    assert "split test" in checked.failure.sentence


@pytest.mark.parametrize(("lines", "code"), [(3, 0), (4, 1)])
def test_a_check_holds_a_file_to_the_images_it_is_told(files: tuple[Path, Path], lines: int, code: int) -> None:
    assert run("classification", files[0], "--images", lines, command="check").returncode == code


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("check", ["--labels", "wnid"], "--definition"),
        ("score", ["--labels", "wnid"], "--definition"),
        ("check", ["--split", "test"], "--definition"),
        ("check", ["--definition", DEFINITION, "--split", "test", "--images", 3], "one of them"),
        ("check", ["--images", 0], "at least 1"),
        ("check", ["--labels", "words"], "invalid choice"),
        ("check", ["--definition", DEFINITION, "--split", "train"], "it has: validation, test"),
    ],
)
def test_what_cannot_be_together_is_a_usage_and_no_verdict(
    files: tuple[Path, Path], command: str, arguments: list[object], said: str
) -> None:
    named = files if command == "score" else files[:1]
    done = run("classification", *named, *arguments, command=command)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("folder", [*golden("det"), *golden("vid")], ids=lambda folder: "-".join(folder.parts[-2:]))
def test_boxes_have_the_official_means(folder: Path, tmp_path: Path) -> None:
    kind, track = ("detection", "") if folder.parent.name == "det" else ("video-detection", "-1")
    bundle, _, expected = official(folder, track)
    parts = {name: tmp_path / name for name in open_bundle(bundle, ("excluded",))}
    for name, content in open_bundle(bundle, ("excluded",)).items():
        parts[name].write_bytes(bytes(content))
    truth = parts.pop("truth")
    code, answer = score(Wanted(kind, as_json=True), folder / "pred.txt", truth, parts)
    assert code == SCORED, answer
    values = [ap for ap in expected["ap"] if ap is not None]
    means = {"mean_average_precision": fmean(values), "median_average_precision": median(values)}
    assert json.loads(answer)["metrics"] == pytest.approx(means, abs=1e-12, rel=0)


def test_a_detection_in_a_far_image_costs_nothing(tmp_path: Path) -> None:
    predictions, truth = tmp_path / "predictions.txt", tmp_path / "truth.txt"
    truth.write_text("1 1 1 0 0 9 9\n")
    predictions.write_text("1 1 .5 0 0 9 9\n9000000 1 .9 0 0 9 9\n")
    started = time.process_time()
    code, answer = score(Wanted("detection"), predictions, truth)
    assert (code, "mean_average_precision    0.5 " in answer) == (SCORED, True)
    assert time.process_time() - started < 5


def test_a_truth_with_everything_excluded_has_a_table_without_means(tmp_path: Path) -> None:
    truth, excluded = tmp_path / "truth.txt", tmp_path / "excluded.txt"
    truth.write_text("1 1 1 0 0 9 9\n")
    excluded.write_text("1 1\n5 1\n")
    code, answer = score(Wanted("detection"), truth, truth, {"excluded": excluded})
    assert (code, "there is no mean" in answer) == (SCORED, True)


@needs_real_data
def test_a_real_model_has_its_published_error() -> None:
    done = run(
        "classification", REAL / "resnet152_pytorch.cls.txt", REAL / "ILSVRC2012_validation_ground_truth.txt", "--json"
    )
    assert json.loads(done.stdout)["metrics"]["top_5_error"] == 0.06178


@pytest.mark.parametrize(("folder", "images"), [("challenges", 100_000), ("demo", 50_000)])
def test_the_definitions_that_come_with_the_product_are_sound(folder: str, images: int) -> None:
    definition = read_challenge(ROOT / "deploy" / folder / "ilsvrc2012")
    task = definition.tasks["classification"]
    assert (definition.name, task.headline, task.categories) == ("ilsvrc2012", "top_5_error", 1000)
    assert task.splits["test"].images == images
    assert task.splits["test"].limits.model_dump() == {
        "pool": "ilsvrc-classification-localization-2012",
        "places": 2,
        "window_seconds": 7 * 24 * 3600,
        "forgiven_per_day": 20,
    }
    assert len(definition.synsets) == 1860
