"""A zoo in one run: what is sent and what is not, what one bad model does to the others, and how a run ends."""

import contextlib
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handout import client_file
from tests.services.gateway.client.batching import (
    BATCHES,
    BOARD,
    EVENTS,
    REPORT,
    TO_VALIDATION,
    Batches,
    claimed,
    scored,
)
from tests.services.gateway.imitation import OTHER, Answer, Asked, Cut, Imitation, problem
from tests.services.gateway.test_client import AS_MAIN, ENVIRONMENT, KEY
from tests.services.gateway.vault import PART_BYTES, UPLOADS, take_in_parts
from tests.waiting import eventually

LINES = 24
Run = Callable[..., "subprocess.CompletedProcess[str]"]
ENDS = {"alexnet": scored(0.22356), "resnet50": scored(0.07524), "vgg16": scored(0.10074)}


@pytest.fixture
def server() -> Iterator[Imitation]:
    with Imitation().serving() as imitation:
        yield imitation


@pytest.fixture
def run(server: Imitation) -> Run:
    """`run(folder, "--json")`: the command, for the validation split."""

    def run_zoo(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        told = ENVIRONMENT | {"HOLDOUT_URL": server.url, "HOLDOUT_KEY": KEY} | environment
        command = (sys.executable, client_file(), "zoo", *arguments, *TO_VALIDATION)
        return subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)

    return run_zoo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three models, and what is none."""
    for number, name in enumerate(ENDS):
        (tmp_path / f"{name}.txt").write_text(f"{number} 1 2 3 4\n" * 100)
    (tmp_path / "README.md").write_text("Not a model.\n")
    return tmp_path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_file_of_a_folder_is_a_model_and_comes_out_in_one_table(run: Run, server: Imitation, folder: Path) -> None:
    batches = Batches(server, ENDS)
    done = run(folder, "--labels", "model-zoo")
    assert done.returncode == 0, done.stderr
    (manifest,) = batches.manifests
    place = {"challenge": "ilsvrc2012", "task": "classification", "split": "validation", "labels": "model-zoo"}
    assert {name: said for name, said in manifest.items() if name != "models"} == place
    assert [model["name"] for model in manifest["models"]] == list(ENDS)
    assert batches.sent() == {name: sha256(folder / f"{name}.txt") for name in ENDS}
    assert all(model["sha256"] == sha256(folder / model["file"]) for model in manifest["models"])
    assert done.stdout.splitlines()[0].split() == ["model", "state", "top_5_error", "99.9", "%", "interval"]
    assert re.search(r"^resnet50 +scored +0\.07524 +0\.07124 … 0\.07924$", done.stdout, re.MULTILINE)
    assert "3 models: 3 scored; 3 files sent, " in done.stdout
    assert len(re.findall(r"^[123]/3  scored  \w+  top_5_error 0\.\d{5}$", done.stderr, re.MULTILINE)) == 3


def test_a_second_run_of_unchanged_files_sends_nothing_but_the_question(
    run: Run, server: Imitation, folder: Path
) -> None:
    Batches(server, ENDS, known=ENDS)
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", BOARD), ("POST", BATCHES)]
    assert sum(asked.body_bytes for asked in server.asked) < 1000
    assert done.stdout.count("scored, known") == 3
    assert "3 models: 3 scored; 0 files sent, " in done.stdout


def test_the_same_command_goes_on_with_what_is_missing(run: Run, server: Imitation, folder: Path) -> None:
    batches = Batches(server, ENDS, known=["alexnet"])
    assert run(folder).returncode == 0
    first = len(server.asked)
    batches.lose(2)
    assert run(folder).returncode == 0
    assert [asked.path for asked in server.asked[first:] if asked.method == "PUT"] == [batches.file_path(2)]
    assert batches.manifests[0] == batches.manifests[1]


def test_a_file_that_is_rejected_is_told_by_line_and_column_and_the_others_are_scored(
    run: Run, server: Imitation, folder: Path
) -> None:
    failure = {"code": "not-a-number", "sentence": "Line 7, column 3: 'cat' holds letters.", "remedy": "Write numbers."}
    rejected = scored(1, state="rejected", metrics=None, intervals=None, failure=failure)
    Batches(server, ENDS | {"alexnet": rejected})
    fault = failure | {"sentence": "'cat' holds letters.", "line": 7, "column": 3}
    server.script("GET", REPORT, Answer(200, {"failure": failure, "faults": [fault], "fault_count": 5}))
    done = run(folder)
    assert done.returncode == 1, done.stderr
    assert f"{folder}/alexnet.txt:7:3: 'cat' holds letters. Write numbers.\n… and 4 more\n" in done.stdout
    assert done.stdout.count("  scored  ") == 2
    (told,) = [model for model in json.loads(run(folder, "--json").stdout)["models"] if model["faults"]]
    assert (told["name"], told["faults"], told["fault_count"]) == ("alexnet", [fault], 5)


def test_a_model_that_is_refused_or_cannot_be_read_stops_no_other(run: Run, server: Imitation, folder: Path) -> None:
    """By the manifest, at its file, or here: each has its reason, and the command ends with 3."""
    refusal = {"status": 422, "code": "claim-unknown-metric", "detail": "no metric 'top_9'", "remedy": "claim another"}
    too_large = problem(413, "too-large", "it is too large", remedy="pack it")
    Batches(server, ENDS | {"alexnet": {"state": "refused", "problem": refusal}}, stumbles={1: [too_large]})
    (folder / "zoo.toml").write_text('[[models]]\nfile = "absent.txt"\n')
    done = run(folder)
    assert done.returncode == 3, done.stderr
    absent = f"absent: {folder}/absent.txt is not a file give the path of the predictions file"
    for line in ("alexnet: no metric 'top_9' claim another", "resnet50: it is too large pack it", absent):
        assert line in done.stdout.splitlines()
    assert done.stdout.count("  scored  ") == 1


def test_a_large_file_goes_in_parts_as_the_model_that_it_is(run: Run, server: Imitation, tmp_path: Path) -> None:
    file = tmp_path / "large.npy"
    file.write_bytes(bytes(4 * PART_BYTES + 1))
    batches = Batches(server, {"large": scored(0.1)})
    take_in_parts(server, file)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    (opened,) = [json.loads(asked.body) for asked in server.asked if (asked.method, asked.path) == ("POST", UPLOADS)]
    assert opened | {"batch": OTHER, "index": 0, "method": "large", "received_digest": sha256(file)} == opened
    assert sum("/parts/" in asked.path for asked in server.asked) == 5
    (put,) = [asked for asked in server.asked if asked.path == batches.file_path(0)]
    assert put.body_bytes == 0


def test_a_file_that_changes_meanwhile_is_not_sent(run: Run, server: Imitation, folder: Path) -> None:
    batches = Batches(server, ENDS)
    asked_for = batches.asked_for

    def change(asked: Asked) -> Answer:
        (folder / "vgg16.txt").write_text("another\n")
        (folder / "alexnet.txt").unlink()
        return asked_for(asked)

    server.script("POST", BATCHES, change)
    done = run(folder)
    assert done.returncode == 3
    assert batches.sent().keys() == {"resnet50"}
    assert "vgg16.txt changed while it was being sent" in done.stdout
    assert "alexnet.txt cannot be read: No such file or directory" in done.stdout


def test_over_the_allowance_ends_with_4_and_when_to_come_back(run: Run, server: Imitation, folder: Path) -> None:
    over = {"status": 429, "code": "no-places-left", "detail": "both are taken", "next_free_at": "2026-01-31T12:00:00Z"}
    Batches(server, ENDS | {"vgg16": {"state": "refused", "problem": over}})
    done = run(folder)
    assert done.returncode == 4, done.stderr
    assert "vgg16: both are taken; next free place: 2026-01-31T12:00:00Z" in done.stdout


def test_a_server_that_goes_away_in_between_is_waited_for(run: Run, server: Imitation, folder: Path) -> None:
    busy = problem(503, "busy", "busy", "1")
    batches = Batches(server, ENDS, stumbles={0: [Cut(100), busy], 1: [Answer(502, b"<html>")]})
    server.script("GET", EVENTS, Cut(), busy, batches.told)
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert batches.sent().keys() == ENDS.keys()
    assert "trying again in" in done.stderr


def test_a_server_that_stays_away_ends_it_with_5_and_the_way_to_go_on(
    run: Run, server: Imitation, folder: Path
) -> None:
    Batches(server, ENDS, known=["vgg16"], stumbles={0: [Cut()] * 9})
    done = run(folder, "--timeout", "0.1")
    assert done.returncode == 5
    assert "the same command goes on" in done.stderr
    assert re.search(r"^vgg16 +scored, known", done.stdout, re.MULTILINE)


def test_stopping_leaves_everything_to_the_same_command(server: Imitation, folder: Path) -> None:
    Batches(server, ENDS, stumbles={index: [problem(503, "busy", "busy", "30")] for index in range(3)})
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + AS_MAIN
    options = (*TO_VALIDATION, "--server", server.url, "--key", KEY)
    command = (sys.executable, "-c", listen, client_file(), "zoo", folder, *options)
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        eventually(lambda: any(asked.method == "PUT" for asked in server.asked))
        client.send_signal(signal.SIGINT)
        said = client.communicate(timeout=10)[1].decode()
    assert client.returncode == 130
    assert "the same command goes on" in said


@pytest.fixture
def baseline(run: Run, server: Imitation, folder: Path) -> Path:
    """What an earlier run came to."""
    Batches(server, ENDS, known=ENDS)
    path = folder / "baseline.kept"
    path.write_text(run(folder, "--json").stdout)
    return path


def test_a_model_that_is_worse_than_an_earlier_run_ends_with_7_unless_that_is_tolerated(
    run: Run, server: Imitation, folder: Path, baseline: Path
) -> None:
    Batches(server, ENDS | {"resnet50": scored(0.07524 + 0.0015), "vgg16": scored(0.05)}, known=ENDS)
    sentence = "worse: resnet50 has top_5_error 0.07674; the baseline 0.07524, 0.150 points worse"
    for tolerance, code in (("0.1", 7), ("0.2", 0)):
        done = run(folder, "--fail-if-worse-than", baseline, "--tolerance", tolerance)
        assert done.returncode == code, done.stdout + done.stderr
        assert (sentence in done.stdout) is bool(code)


def test_a_model_that_is_gone_is_worse(run: Run, server: Imitation, folder: Path, baseline: Path) -> None:
    (folder / "vgg16.txt").unlink()
    Batches(server, ENDS, known=ENDS)
    done = run(folder, "--fail-if-worse-than", baseline)
    assert done.returncode == 7
    assert "worse: vgg16 has no score; the baseline 0.10074" in done.stdout


def test_a_number_is_a_baseline_for_all(run: Run, server: Imitation, folder: Path) -> None:
    Batches(server, ENDS, known=ENDS)
    done = run(folder, "--fail-if-worse-than", "0.1", "--json")
    assert done.returncode == 7
    compared = {one["name"]: one["worse"] for one in json.loads(done.stdout)["compared"]}
    assert compared == {"alexnet": True, "resnet50": False, "vgg16": True}


def test_claims_are_told_as_reproduced_or_not_and_fail_the_run_when_asked(
    run: Run, server: Imitation, folder: Path
) -> None:
    judged = {"alexnet": claimed(0.224, 0.22356, True), "vgg16": claimed(0.1, 0.10074, False)}
    batches = Batches(server, {name: end | judged.get(name, {}) for name, end in ENDS.items()})
    models = [(name, end["claims"]["top_5_error"]["claimed"]) for name, end in judged.items()]
    tables = [f'[[models]]\nfile = "{name}.txt"\nclaimed = {{ top_5_error = {claim:.3f} }}\n' for name, claim in models]
    (folder / "zoo.toml").write_text("".join(tables))
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert batches.manifests[0]["models"][1]["claimed"] == {"top_5_error": "0.100"}, "as it is written"
    assert re.search(r"^alexnet +scored +0\.22356 +reproduced ", done.stdout, re.MULTILINE)
    assert re.search(r"^resnet50 +scored +0\.07524 +- ", done.stdout, re.MULTILINE)
    assert "vgg16: top_5_error is 0.10074, claimed is 0.1: not reproduced, +0.00074" in done.stdout
    assert run(folder, "--fail-if-not-reproduced").returncode == 8


def test_json_is_one_document_with_every_model(run: Run, server: Imitation, folder: Path) -> None:
    Batches(server, ENDS)
    done = run(folder, "--json")
    told: Any = json.loads(done.stdout)
    assert (told["headline"], told["finished"], told["counts"], told["sent"]) == ("top_5_error", True, {"scored": 3}, 3)
    assert {model["name"]: model["metrics"]["top_5_error"] for model in told["models"]} == {
        name: end["metrics"]["top_5_error"] for name, end in ENDS.items()
    }


def test_on_a_terminal_the_table_is_drawn_over_itself_and_fits(server: Imitation, tmp_path: Path) -> None:
    ends = {f"model-{number:02}": scored(number / 100) for number in range(40)}
    for name in ends:
        (tmp_path / f"{name}.txt").write_text(name)
    Batches(server, ends)
    shown = on_a_terminal(server, tmp_path, 30, NO_COLOR="1")
    assert "\x1b[3" not in shown
    heights = [int(height) for height in re.findall(r"\x1b\[(\d+)F\x1b\[J", shown)]
    assert heights
    assert max(heights) < LINES
    *drawn, last = re.sub(r"\x1b\[\d*[A-Za-z]", "", shown).splitlines()
    assert max(map(len, drawn)) <= 30
    assert last.startswith("40 models: 40 scored; 40 files sent, ")


def test_on_a_terminal_there_are_colours_unless_nobody_wants_them(server: Imitation, folder: Path) -> None:
    Batches(server, ENDS)
    assert "\x1b[32m" in on_a_terminal(server, folder, 80)


def on_a_terminal(server: Imitation, folder: Path, columns: int, **environment: str) -> str:
    """All that a run draws on a terminal of this width."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (LINES, columns))
    options = (*TO_VALIDATION, "--server", server.url, "--key", KEY)
    command = (sys.executable, client_file(), "zoo", folder, *options)
    told = ENVIRONMENT | {"TERM": "xterm"} | environment
    with subprocess.Popen(command, env=told, stdout=theirs, stderr=theirs) as client:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while block := os.read(ours, 65536):
                shown += block
    os.close(ours)
    assert client.returncode == 0, shown
    return shown.decode()
