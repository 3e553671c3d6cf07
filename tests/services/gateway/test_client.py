"""The participants' client as they run it, against a server that says, or fails to say, what is scripted."""

import base64
import contextlib
import gzip
import hashlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handout import client_file
from tests.services.gateway.imitation import (
    OTHER,
    REQUEST,
    STANDING,
    SUBMISSION,
    Answer,
    Asked,
    Cut,
    Imitation,
    Reply,
    accepted,
    evaluation,
    moment,
    page,
    problem,
    submission,
)
from tests.services.gateway.vault import take_in_parts
from tests.waiting import eventually

KEY = "holdout_abcdefghijkm_secret"
SUBMIT = "/v1/challenges/ilsvrc2012/tasks/classification/splits/test/submissions"
VALIDATE = SUBMIT.replace("submissions", "validate")
MINE = "/v1/submissions"
ONE = f"{MINE}/{SUBMISSION}"
BOARD = "/v1/challenges/ilsvrc2012/tasks/classification/splits/test/leaderboard"
TO_TEST = ("--challenge", "ilsvrc2012", "--task", "classification", "--split", "test")
ENVIRONMENT = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "LANG": "C.UTF-8"}

AS_MAIN = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
"""For `python -c`: run the file that the first argument names, as if python had been given it."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server() -> Iterator[Imitation]:
    """A server that accepts every file and scores it."""
    imitation = Imitation()
    imitation.script("POST", SUBMIT, accepted)
    imitation.script("GET", ONE, Answer(200, submission(judged="scored")))
    with imitation.serving():
        yield imitation


@pytest.fixture
def run(server: Imitation) -> Run:
    """`run("list", "--json")`: the client, told where the server is and what the key is."""

    def run_client(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        told = ENVIRONMENT | {"HOLDOUT_URL": server.url, "HOLDOUT_KEY": KEY} | environment
        command = (sys.executable, client_file(), *arguments)
        return subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)

    return run_client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small predictions file."""
    path = tmp_path / "predictions.txt"
    path.write_text("771 778 794 387 650\n" * 1000)
    return path


def sha256(path: Path) -> str:
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_scored_file_ends_with_0_and_shows_what_was_accepted_what_is_left_and_the_metrics(
    run: Run, file: Path
) -> None:
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert f"accepted {SUBMISSION}: 20,000 bytes, sha-256 {sha256(file)}" in done.stdout
    assert "left: 1 of 2 in any 7 days (ilsvrc-2012)" in done.stdout
    assert re.search(r"top_5_error +0\.06178 +0\.05826 … 0\.06536", done.stdout)


def test_the_file_goes_as_it_is_with_its_type_its_length_and_what_is_said_of_it(
    run: Run, server: Imitation, tmp_path: Path
) -> None:
    """Nothing is compressed or chunked on the way."""
    for name, media in (("a.txt", "text/plain"), ("b.csv", "text/csv"), ("c.txt.gz", "application/gzip")):
        path = tmp_path / name
        path.write_bytes(os.urandom(5000))
        options = ("--method", "Net & Söhne", "--description", "x y", "--track", "external", "--publish", "--no-wait")
        assert run("submit", path, *TO_TEST, *options).returncode == 0
        sent = server.asked[-1]
        assert sent.sha256 == sha256(path)
        assert sent.headers["content-type"] == media
        assert sent.headers["content-length"] == "5000"
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert sent.query == {"method": "Net & Söhne", "description": "x y", "track": "external", "publish": "true"}


def test_a_file_can_stay_out_of_the_contest_and_share_the_place_of_another(
    run: Run, server: Imitation, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1\n")
    assert run("submit", path, *TO_TEST, "--no-participate", "--entry", SUBMISSION, "--no-wait").returncode == 0
    assert server.asked[-1].query | {"participate": "false", "entry": SUBMISSION} == server.asked[-1].query


def submitted_with(run: Run, server: Imitation, file: Path, *options: str) -> dict[str, str]:
    """The headers of a submission."""
    assert run("submit", file, *TO_TEST, "--no-wait", *options).returncode == 0
    return server.asked[-1].headers


def test_a_repeated_command_has_the_same_key_and_any_other_has_another(run: Run, server: Imitation, file: Path) -> None:
    """All that is said of the file is in the key: under the same key it would be refused as a mismatch."""
    first = submitted_with(run, server, file)["idempotency-key"]
    assert submitted_with(run, server, file)["idempotency-key"] == first
    others = [("--method", "x"), ("--publish", "--labels", "kaggle")]
    keys = [submitted_with(run, server, file, *options)["idempotency-key"] for options in others]
    file.write_text("1\n")
    keys.append(submitted_with(run, server, file)["idempotency-key"])
    assert len({first, *keys}) == len(keys) + 1
    assert server.asked[2].query == {"method": "x", "track": "provided", "publish": "false"}
    assert server.asked[3].query["labels"] == "kaggle"
    assert "idempotency-key" not in submitted_with(run, server, file, "--idempotency-key", "none")


def test_the_digest_of_what_the_file_unpacks_to_is_told_beforehand(
    run: Run, server: Imitation, file: Path, tmp_path: Path
) -> None:
    """Then the server can answer for a file that it knows; of a broken archive it is left to the server to say so."""
    told = f"sha-256=:{base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()}:"
    packed, broken = tmp_path / "packed.gz", tmp_path / "broken.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    broken.write_bytes(packed.read_bytes()[:-6])
    assert submitted_with(run, server, file)["repr-digest"] == told
    assert submitted_with(run, server, packed)["repr-digest"] == told
    assert "repr-digest" not in submitted_with(run, server, broken)


def test_a_result_that_was_there_before_is_told_as_such(run: Run, server: Imitation, file: Path) -> None:
    """Of the same bytes; or of the same request, whose answer speaks of then and not of what is left now."""
    known = {"submission": submission(), "allowance": STANDING}
    server.script("POST", SUBMIT, Answer(200, known | {"reused": True}))
    done = run("submit", file, *TO_TEST)
    assert "the same bytes were submitted before" in done.stdout
    assert "left: 1 of 2" in done.stdout
    server.script("POST", SUBMIT, Answer(202, known, {"Idempotency-Replayed": "true"}))
    done = run("submit", file, *TO_TEST)
    assert "the same request was made before" in done.stdout
    assert "left: " not in done.stdout


def test_a_request_that_is_still_under_way_is_asked_again(run: Run, server: Imitation, file: Path) -> None:
    """The line of the first try broke before its upload was given up."""
    server.script("POST", SUBMIT, problem(409, "idempotency-running", "still under way", "1"), accepted)
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", SUBMIT) == 2


def test_what_failed_on_the_servers_side_is_submitted_anew_by_the_same_command(
    run: Run, server: Imitation, file: Path
) -> None:
    """Under the same key, the server would only repeat that it accepted it."""
    replayed = Answer(202, {"submission": submission(), "allowance": STANDING}, {"Idempotency-Replayed": "true"})
    server.script("POST", SUBMIT, replayed, accepted)
    server.script("GET", ONE, Answer(200, submission(judged="failed")), Answer(200, submission(judged="scored")))
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    first, second = (asked.headers["idempotency-key"] for asked in server.asked if asked.method == "POST")
    assert first != second


def test_without_waiting_it_says_how_to_wait(run: Run, server: Imitation, file: Path) -> None:
    """`--no-wait` asks for nothing more; a key that may only submit suffices."""
    done = run("submit", file, *TO_TEST, "--no-wait")
    assert done.returncode == 0
    assert f"python client.py wait {SUBMISSION}" in done.stdout
    assert server.count("GET", ONE) == 0


def test_a_slow_outcome_is_waited_for_and_its_stages_are_told(run: Run, server: Imitation) -> None:
    """A server that answers early (it is shutting down) is not asked in a storm."""
    answers = [Answer(200, submission(judged=state)) for state in ("queued", "running", "scored")]
    server.script("GET", ONE, *answers)
    done = run("wait", SUBMISSION)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["queued", "running: scoring"]
    assert server.count("GET", ONE) == 3
    assert server.asked[-1].query == {"wait": "30"}


def test_a_rejected_file_ends_with_1_and_shows_each_fault_with_its_place_and_remedy(
    run: Run, server: Imitation
) -> None:
    """The faults are in the report only."""
    failure = {"code": "lines-unreadable", "sentence": "23 lines cannot be read", "remedy": "mend them"}
    judged = submission(evaluation=evaluation("rejected", failure=failure, fault_count=23))
    fault = {"code": "not-a-number", "sentence": "'cat' is no category id", "remedy": "write 1 to 1000"}
    server.script("GET", ONE, Answer(200, judged))
    server.script("GET", f"{ONE}/report", Answer(200, report("rejected", failure, [fault | {"line": 7, "column": 3}])))
    done = run("wait", SUBMISSION)
    assert done.returncode == 1
    assert "rejected" in done.stdout
    assert "7:3: 'cat' is no category id - write 1 to 1000" in done.stdout
    assert "and 22 more" in done.stdout


def test_a_failed_evaluation_ends_with_6_and_is_not_charged(run: Run, server: Imitation) -> None:
    """Our fault, said so."""
    failure = {"code": "scorers-died", "sentence": "three scorers died of it", "remedy": ""}
    server.script("GET", ONE, Answer(200, submission(evaluation=evaluation("failed", failure=failure))))
    done = run("wait", SUBMISSION)
    assert done.returncode == 6
    assert "three scorers died of it" in done.stdout
    assert "nothing is charged" in done.stdout


def test_an_abandoned_upload_ends_with_5(run: Run, server: Imitation) -> None:
    """Its gateway died; there will be no outcome."""
    server.script("GET", ONE, Answer(200, submission(state="abandoned")))
    done = run("wait", SUBMISSION)
    assert done.returncode == 5
    assert "submit the file again" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("list",), {"HOLDOUT_URL": ""}, "no server is given"),
        (("list",), {"HOLDOUT_KEY": " "}, "no key is given"),
        (("list",), {"HOLDOUT_KEY": "schlüssel"}, "letters that no key has"),
        (("list",), {"HOLDOUT_URL": "holdout.example"}, "is not the address of a server"),
        (("submit", "absent.txt", *TO_TEST), {}, "absent.txt is not a file"),
        (("submit", "x", "--task", "classification"), {}, "the following arguments are required"),
        (("list", "--timeout", "soon"), {}, "invalid seconds value"),
        ((), {}, "COMMAND"),
    ],
)
def test_a_wrong_command_line_ends_with_2(
    run: Run, server: Imitation, arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    """What is missing is said, and nothing is sent."""
    done = run(*arguments, **environment)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert server.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 413])
def test_a_refusal_ends_with_3_and_shows_sentence_remedy_and_request(
    run: Run, server: Imitation, file: Path, status: int
) -> None:
    """And is not tried again."""
    server.script("POST", SUBMIT, problem(status, "some-code", "this cannot be taken", remedy="do it otherwise"))
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 3
    for words in (f"{status} ", "this cannot be taken", "do it otherwise", f"request {REQUEST}"):
        assert words in done.stderr
    assert server.count("POST", SUBMIT) == 1


def test_over_the_allowance_ends_with_4_and_the_time_of_the_next_place(run: Run, server: Imitation, file: Path) -> None:
    """A 429 is not tried again: days may pass."""
    refusal = problem(429, "no-places-left", "both places taken", "9", next_free_at="2026-01-31T12:00:00Z")
    server.script("POST", SUBMIT, refusal)
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 4
    assert "next free place: 2026-01-31T12:00:00Z" in done.stderr
    assert server.count("POST", SUBMIT) == 1


def test_reading_goes_on_after_gateway_errors_and_cut_connections(run: Run, server: Imitation) -> None:
    """Four stumbles, then the answer."""
    stumbles: list[Reply] = [Answer(502, b"<html>"), Answer(503, b""), Answer(504, b""), Cut()]
    server.script("GET", ONE, *stumbles, Answer(200, submission(judged="scored")))
    done = run("status", SUBMISSION)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("trying again") == 4
    assert server.count("GET", ONE) == 5


def test_reading_waits_as_long_as_retry_after_asks(run: Run, server: Imitation) -> None:
    """No earlier than the server said."""
    server.script("GET", ONE, problem(503, "busy", "busy", "1"), Answer(200, submission(judged="scored")))
    done = run("status", SUBMISSION)
    assert done.returncode == 0
    assert "trying again in 1.0 s" in done.stderr


def test_reading_ends_with_5_when_the_time_is_up(run: Run, server: Imitation) -> None:
    """At once when Retry-After is later than the time allowed; with the problem as the server put it."""
    server.script("GET", ONE, problem(503, "database-unavailable", "the database does not answer", "5"))
    done = run("status", SUBMISSION, "--timeout", "2")
    assert done.returncode == 5
    assert "the database does not answer" in done.stderr
    assert f"request {REQUEST}" in done.stderr
    assert server.count("GET", ONE) == 1


def test_an_internal_error_ends_with_5_at_once(run: Run, server: Imitation) -> None:
    """The same question would break again."""
    server.script("GET", ONE, problem(500, "internal", "something broke on our side"))
    assert run("status", SUBMISSION).returncode == 5
    assert server.count("GET", ONE) == 1


def test_nobody_listening_ends_with_5(run: Run, file: Path) -> None:
    """Reading and submitting are tried again until the time is up."""
    with closed_port() as url:
        for arguments in (("list",), ("submit", file, *TO_TEST)):
            done = run(*arguments, "--timeout", "1", HOLDOUT_URL=url)
            assert done.returncode == 5
            assert "trying again" in done.stderr
            assert "cannot be reached: no connection" in done.stderr


def test_something_that_is_not_holdout_is_named_as_such(run: Run, server: Imitation) -> None:
    """A wrong address, or a proxy that answers for itself."""
    server.script("GET", ONE, Answer(200, b"<html>welcome</html>", {"Content-Type": "text/html"}))
    done = run("status", SUBMISSION)
    assert (done.returncode, "is --server a Holdout server?" in done.stderr) == (5, True)
    server.script("GET", ONE, Answer(301, b"", {"Location": "https://elsewhere.example/"}))
    done = run("status", SUBMISSION)
    assert (done.returncode, "https://elsewhere.example/" in done.stderr) == (3, True)


def test_a_file_is_sent_again_when_the_server_asks_to_come_back(run: Run, server: Imitation, file: Path) -> None:
    """503 with Retry-After: nothing was accepted, and the list agrees."""
    server.script("GET", MINE, page())
    busy = problem(503, "quota-unavailable", "the ledger does not answer", "1")
    server.script("POST", SUBMIT, busy, busy, accepted)
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", SUBMIT) == 3


@pytest.mark.parametrize("stumble", [Cut(), Answer(502, b"<html>"), problem(500, "internal", "something broke")])
def test_a_file_that_arrived_before_its_answer_was_lost_is_not_sent_again(
    run: Run, server: Imitation, file: Path, stumble: Reply
) -> None:
    """The client finds its sealed submission by the file's digest, and goes on with it."""
    sent = Asked("POST", SUBMIT, {}, {}, file.stat().st_size, sha256(file))
    server.script("POST", SUBMIT, stumble)
    server.script("GET", MINE, page(submission(sent)))
    done = run("submit", file, *TO_TEST, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == SUBMISSION
    assert server.count("POST", SUBMIT) == 1


def test_a_gzip_file_is_found_by_the_digest_of_its_received_bytes(run: Run, server: Imitation, tmp_path: Path) -> None:
    """`digest` is of what it unpacks to; the client never unpacks it."""
    path = tmp_path / "predictions.txt.gz"
    path.write_bytes(os.urandom(1000))
    sent = Asked("POST", SUBMIT, {}, {}, 1000, sha256(path))
    server.script("POST", SUBMIT, Cut())
    server.script("GET", MINE, page(submission(sent, digest="f" * 64)))
    done = run("submit", path, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", SUBMIT) == 1


def test_a_file_that_is_still_being_sealed_is_waited_for(run: Run, server: Imitation, file: Path) -> None:
    """It arrived, but the server is not through with it when the client looks first."""
    sent = Asked("POST", SUBMIT, {}, {}, file.stat().st_size, sha256(file))
    server.script("POST", SUBMIT, Cut())
    server.script("GET", MINE, page(submission(state="open")), page(submission(sent)))
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", SUBMIT) == 1
    assert server.count("GET", MINE) == 2


def test_a_file_that_did_not_arrive_is_sent_once_more(run: Run, server: Imitation, file: Path) -> None:
    """Older submissions, other places and other files do not count as it."""
    sent = Asked("POST", SUBMIT, {}, {}, file.stat().st_size, sha256(file))
    server.script("POST", SUBMIT, Cut(), accepted)
    others = [submission(sent, id=OTHER, split="validation"), submission(id=OTHER), submission(sent, method="Other")]
    server.script("GET", MINE, page(*others, submission(sent, created_at=moment(60))))
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert "sending it once more" in done.stderr
    assert server.count("POST", SUBMIT) == 2


def test_the_search_follows_the_pages_of_the_list(run: Run, server: Imitation, file: Path) -> None:
    """A busy team may have a full page of younger submissions."""
    sent = Asked("POST", SUBMIT, {}, {}, file.stat().st_size, sha256(file))
    server.script("POST", SUBMIT, Cut())
    server.script("GET", MINE, page(submission(id=OTHER), following="more"), page(submission(sent)))
    assert run("submit", file, *TO_TEST).returncode == 0
    assert server.asked[-2].query == {"limit": "100", "cursor": "more"}
    assert server.count("POST", SUBMIT) == 1


def test_a_second_broken_connection_ends_with_5(run: Run, server: Imitation, file: Path) -> None:
    """Twice is enough."""
    server.script("POST", SUBMIT, Cut())
    server.script("GET", MINE, page())
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 5
    assert "nothing was submitted" in done.stderr
    assert server.count("POST", SUBMIT) == 2


def test_a_file_cut_off_in_the_middle_is_sent_once_more(run: Run, server: Imitation, tmp_path: Path) -> None:
    """A part of a file cannot have been sealed."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(2**25))
    server.script("POST", SUBMIT, Cut(read_bytes=1000), accepted)
    server.script("GET", MINE, page())
    done = run("submit", path, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", SUBMIT) == 2
    assert server.asked[-2].sha256 == sha256(path)


def test_a_file_is_never_sent_again_when_it_cannot_be_looked_for(run: Run, server: Imitation, file: Path) -> None:
    """A key without the right to read: the client says that it does not know."""
    server.script("POST", SUBMIT, Cut())
    server.script("GET", MINE, problem(403, "scope-missing", "the key has no 'read' scope"))
    done = run("submit", file, *TO_TEST)
    assert done.returncode == 5
    assert "not known whether the file arrived" in done.stderr
    assert server.count("POST", SUBMIT) == 1


def test_json_is_the_servers_own_on_every_command(run: Run, server: Imitation, file: Path) -> None:
    """One document on stdout, nothing else."""
    scored = submission(judged="scored", method="Größe")
    told = {
        ("status", SUBMISSION): (ONE, scored),
        ("wait", SUBMISSION): (ONE, scored),
        ("submit", str(file), *TO_TEST): (ONE, scored),
        ("list",): (MINE, {"items": [scored], "next": None}),
        ("report", SUBMISSION): (f"{ONE}/report", report("scored")),
        ("leaderboard", "ilsvrc2012", "classification", "test"): (BOARD, board()),
        ("allowance",): ("/v1/allowance", {"team": "SuperVision", "pools": [STANDING]}),
        ("challenges",): ("/v1/challenges", challenges()),
    }
    for arguments, (path, content) in told.items():
        server.script("GET", path, Answer(200, content))
        done = run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == content


def test_json_of_a_refusal_is_the_problem(run: Run, server: Imitation) -> None:
    """Machines read the code, people the sentence."""
    server.script("GET", ONE, problem(404, "no-such-submission", "your team has no such submission"))
    done = run("status", SUBMISSION, "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["code"] == "no-such-submission"
    assert "your team has no such submission" in done.stderr


def test_every_table_is_aligned_and_free_of_control_characters(run: Run, server: Imitation) -> None:
    """A team's name is another's text: it must not steer a terminal."""
    server.script("GET", MINE, page(submission(method="A" * 200), submission(judged="scored"), following="more"))
    server.script("GET", BOARD, Answer(200, board()))
    server.script("GET", "/v1/challenges", Answer(200, challenges()))
    server.script("GET", "/v1/allowance", Answer(200, {"team": "SuperVision", "pools": [STANDING]}))
    server.script("GET", f"{ONE}/report", Answer(200, report("scored")))
    listed = run("list").stdout.splitlines()
    assert [line.index("ilsvrc2012") for line in listed[1:3]] == [listed[0].index("challenge")] * 2
    assert "list --cursor more" in listed[3]
    shown = run("leaderboard", "ilsvrc2012", "classification", "test").stdout
    assert "\x1b" not in shown
    assert re.search(r"^1 +1-2 +Evil\?\[31m +Net +provided +0\.06178 +0\.05826 … 0\.06536$", shown, re.MULTILINE)
    assert re.search(
        r"ilsvrc2012 +classification +test +open +50000 +top_5_error +2 in 7 days", run("challenges").stdout
    )
    assert f"spent by {SUBMISSION}, back " in run("allowance").stdout
    assert "note: blank lines were skipped (3 times, first in line 9)" in run("report", SUBMISSION).stdout


def test_a_board_of_several_pages_is_shown_whole(run: Run, server: Imitation) -> None:
    first = board()
    server.script("GET", BOARD, Answer(200, first | {"next": "1." + "0" * 32}), Answer(200, first | {"next": None}))
    shown = run("leaderboard", "ilsvrc2012", "classification", "test").stdout
    assert len(re.findall(r"^1 +1-2", shown, re.MULTILINE)) == 2


def test_a_board_that_categories_decide_shows_how_many_and_a_dash_for_who_takes_no_part(
    run: Run, server: Imitation
) -> None:
    shown = board()
    (entry,) = shown["entries"]
    winner = entry | {"rank": 1, "rank_range": None, "categories_won": 106}
    guest = entry | {"rank": None, "rank_range": None, "categories_won": None}
    counted = shown | {"winner": "categories_won", "entries": [winner, guest]}
    server.script("GET", BOARD, Answer(200, counted))
    lines = run("leaderboard", "ilsvrc2012", "classification", "test").stdout.splitlines()
    assert lines[0].split()[:6] == ["rank", "range", "team", "method", "track", "won"]
    assert re.match(r"1 +Evil\?\[31m +Net +provided +106 +0\.06178", lines[1])
    assert re.match(r"- +Evil\?\[31m +Net +provided +- +0\.06178", lines[2])


def test_public_pages_need_no_key_and_get_none(run: Run, server: Imitation) -> None:
    """Boards and challenges are open to all."""
    server.script("GET", BOARD, Answer(200, board()))
    done = run("leaderboard", "ilsvrc2012", "classification", "test", HOLDOUT_KEY="")
    assert done.returncode == 0
    assert "authorization" not in server.asked[-1].headers


def test_a_report_is_kept_byte_for_byte(run: Run, server: Imitation, tmp_path: Path) -> None:
    """Its digest must still be the scorer's."""
    content = json.dumps(report("scored"), indent=3).encode()
    server.script("GET", f"{ONE}/report", Answer(200, content))
    kept = tmp_path / "report.json"
    assert run("report", SUBMISSION, "--output", kept).returncode == 0
    assert kept.read_bytes() == content


def test_progress_is_plain_lines_in_a_pipe(run: Run, file: Path) -> None:
    """No bar, no carriage returns."""
    done = run("submit", file, *TO_TEST)
    assert re.match(r"sent predictions\.txt: 20,000 bytes in \d+\.\d s\n", done.stderr)
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_progress_is_a_bar_on_a_terminal(server: Imitation, file: Path) -> None:
    """It ends full, and on a line of its own."""
    ours, theirs = pty.openpty()
    command = (sys.executable, client_file(), "submit", file, *TO_TEST, "--server", server.url, "--key", KEY)
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert f"\rpredictions.txt [{'#' * 30}] 100% of 20,000 bytes\r\n" in shown


def test_stopping_while_waiting_says_how_to_go_on(server: Imitation, file: Path) -> None:
    """Ctrl-C stops the client, not the evaluation."""
    over = threading.Event()

    def slow(asked: Asked) -> Answer:
        over.wait(30)
        return Answer(200, submission())

    server.script("GET", ONE, slow)
    # A test run in the background may have Ctrl-C switched off for its children.
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + AS_MAIN
    options = (*TO_TEST, "--server", server.url, "--key", KEY)
    command = (sys.executable, "-c", listen, client_file(), "submit", file, *options)
    client = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: server.count("GET", ONE))
        client.send_signal(signal.SIGINT)
        said = client.communicate(timeout=30)[1]
    finally:
        over.set()
        client.kill()
    assert client.returncode == 130
    assert f"to go on: python client.py wait {SUBMISSION}" in said
    assert "Traceback" not in said


def test_a_large_file_is_streamed(server: Imitation, tmp_path: Path) -> None:
    """100 MB may not cost the client more than 64 MiB above what a small file costs."""
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    for path, size in ((small, 1000), (large, 100_000_000)):
        path.touch()
        os.truncate(path, size)
    take_in_parts(server, large)
    growth_kib = peak_kib(server, large) - peak_kib(server, small)
    assert sum(asked.body_bytes for asked in server.asked if asked.method == "PUT") == 100_000_000
    assert growth_kib <= 64 * 1024


def peak_kib(server: Imitation, file: Path) -> int:
    """The client's greatest resident size while it submits `file`."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no /proc here: the peak of a process's memory cannot be read")
    watch = (
        "import atexit, re\n"
        "peak = lambda: print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "atexit.register(peak)\n"
    ) + AS_MAIN
    options = (*TO_TEST, "--no-wait", "--server", server.url, "--key", KEY)
    command = (sys.executable, "-c", watch, client_file(), "submit", file, *options)
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_the_client_runs_from_any_folder_alone(server: Imitation, tmp_path: Path) -> None:
    """One file is all a participant has."""
    alone = tmp_path / "client.py"
    alone.write_bytes(client_file().read_bytes())
    server.script("GET", "/v1/challenges", Answer(200, challenges()))
    command = (sys.executable, "-I", alone, "challenges", "--server", server.url)
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr


def test_help_lists_the_exit_codes(run: Run) -> None:
    """Scripts depend on them."""
    for arguments in (("--help",), ("submit", "--help")):
        shown = run(*arguments).stdout
        assert all(f"\n  {code} " in shown for code in (0, 1, 2, 3, 4, 5, 6, 130))


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """An address where nobody listens: bound, so that nobody else takes it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def report(outcome: str, failure: dict[str, Any] | None = None, faults: list[dict[str, Any]] | None = None) -> Any:
    """A report, scored or with its faults."""
    judged = evaluation(outcome)
    return {
        "outcome": outcome,
        "challenge": "ilsvrc2012",
        "version": 1,
        "task": "classification",
        "split": "test",
        "protocol": {"confidence": "proven", "source": "eval_flat.m"},
        "headline": "top_5_error",
        "metrics": judged["metrics"] or {},
        "intervals": judged["intervals"] or {},
        "notes": [{"code": "blank", "sentence": "blank lines were skipped", "count": 3, "first_line": 9}],
        "failure": failure,
        "faults": faults or [],
        "fault_count": 23 if faults else 0,
        "provenance": {"scorer": "1", "definition": "a" * 64, "truth": "b" * 64, "submission": "c" * 64},
    }


def board() -> Any:
    """A board with one entry by a team of bad intent."""
    entry = {
        "rank": 1,
        "rank_range": [1, 2],
        "submission": SUBMISSION,
        "team": "Evil\x1b[31m",
        "method": "Net",
        "description": "",
        "track": "provided",
        "published_at": moment(),
        "value": 0.06178,
        "interval": {"low": 0.05826, "high": 0.06536},
        "metrics": {"top_5_error": 0.06178},
    }
    place = {"challenge": "ilsvrc2012", "task": "classification", "split": "test"}
    return place | {"headline": "top_5_error", "order": "ascending", "entries": [entry]}


def challenges() -> Any:
    """One edition with one split."""
    limits = {"pool": "ilsvrc-2012", "places": 2, "window_seconds": 604800, "forgiven_per_day": 20}
    split = {"name": "test", "images": 50000, "open": True, "limits": limits}
    task = {"name": "classification", "headline": "top_5_error", "splits": [split]}
    return [{"name": "ilsvrc2012", "version": 1, "tasks": [task]}]


ACCEPTED = {
    "outcome": "accepted",
    "counts": {"images": 1000, "guesses": 4990},
    "notes": [{"code": "missing-guesses", "sentence": "Lines hold fewer.", "count": 10, "first_line": 7}],
    "failure": None,
    "faults": [],
    "fault_count": 0,
}

REFUSED = ACCEPTED | {
    "outcome": "rejected",
    "counts": {},
    "notes": [],
    "failure": {"code": "too-few-lines", "sentence": "Found 3 lines.", "remedy": "Write a line for each image."},
    "faults": [{"code": "letters", "sentence": "'cat' is no number.", "remedy": "Write 7.", "line": 2, "column": 5}],
    "fault_count": 1201,
}


def test_a_file_that_is_checked_and_good_ends_with_0_and_shows_what_it_holds(
    run: Run, server: Imitation, file: Path
) -> None:
    server.script("POST", VALIDATE, Answer(200, ACCEPTED))
    done = run("check", file, *TO_TEST, "--labels", "wnid")
    assert (done.returncode, server.asked[-1].query) == (0, {"labels": "wnid"})
    assert server.asked[-1].sha256 == sha256(file)
    assert done.stdout == f"accepted: 1,000 images, 4,990 guesses\n{file}:7: note: Lines hold fewer. (10 times)\n"


def test_a_file_that_is_checked_and_broken_ends_with_1_and_its_faults_as_compilers_print_them(
    run: Run, server: Imitation, file: Path
) -> None:
    server.script("POST", VALIDATE, Answer(200, REFUSED))
    done = run("check", file, *TO_TEST)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "rejected: Found 3 lines. Write a line for each image.",
        f"{file}:2:5: 'cat' is no number. Write 7.",
        "… and 1,200 more",
    ]
    as_json = run("check", file, *TO_TEST, "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)) == (1, REFUSED)


def test_a_check_that_fails_on_the_way_is_sent_again(run: Run, server: Imitation, file: Path) -> None:
    unfinished = problem(503, "check-unfinished", "no scorer came", retry_after="1")
    server.script("POST", VALIDATE, Cut(100), unfinished, Answer(200, ACCEPTED))
    done = run("check", file, *TO_TEST)
    assert done.returncode == 0, done.stderr
    assert server.count("POST", VALIDATE) == 3
    assert "no scorer came; trying again in" in done.stderr


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (problem(429, "too-many-checks", "all 60 are used", remedy="come back in 10 seconds"), 4),
        (problem(500, "check-failed", "the file could not be checked: too large"), 6),
        (problem(404, "no-such-split", "there is none"), 3),
    ],
    ids=["too many", "failed", "no split"],
)
def test_a_check_that_is_not_answered_ends_with_the_code_of_its_reason(
    run: Run, server: Imitation, file: Path, answer: Answer, code: int
) -> None:
    server.script("POST", VALIDATE, answer)
    done = run("check", file, *TO_TEST)
    assert (done.returncode, done.stdout) == (code, "")
    assert answer.body["detail"] in done.stderr
