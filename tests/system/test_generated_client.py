"""A typed client, made of the OpenAPI document by openapi-python-client as it comes, makes a round trip.

The generator takes the document without a warning, told only what a picture is; what it makes passes mypy, and works on a
whole stack.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.gateway.api.practice import CHALLENGE, FILE, PREDICTIONS, SPLIT
from tests.house.tree import ROOT
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

GENERATOR = "openapi_python_client"
STRICT = """
[mypy]
strict = true

[mypy-holdout_client.client]
disable_error_code = arg-type
"""
"""One file of the package is the generator's own, the same for every document, and hands on what it was not told of."""

PICTURES = """\
content_type_overrides:
  image/svg+xml: application/octet-stream
"""
"""The generator knows no pictures until it is told to take them for files; docs/stability.md shows it."""

PROGRAM = Path(__file__).with_name("round_trip.py")


def run(*command: str, **settings: str) -> str:
    """What a Python tool says; fails when it does."""
    told = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | settings
    done = subprocess.run((sys.executable, "-m", *command), capture_output=True, text=True, env=told, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the package `holdout_client`; skips without the generator, which is a failure on CI."""
    if importlib.util.find_spec(GENERATOR) is None:
        assert os.environ.get("CI") != "true", f"{GENERATOR} is not installed"
        pytest.skip(f"{GENERATOR} is not installed")
    folder = tmp_path_factory.mktemp("generated")
    where = ("--url", f"{stack.gateway_url}/openapi.json", "--output-path", str(folder / "holdout_client"))
    settings = folder / "settings.yaml"
    settings.write_text(PICTURES)
    told = ("--config", str(settings), "--meta", "none", "--fail-on-warning")
    said = run(GENERATOR, "generate", *where, *told)
    assert "WARNING" not in said.upper(), said
    return folder


@pytest.fixture(scope="module")
def program(folder: Path) -> Iterator[ModuleType]:
    """`round_trip.py`, with the generated package to import."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("round_trip", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def participant(program: ModuleType, stack: Stack, organiser: Organiser) -> Iterator[Any]:
    """A new team's generated client."""
    with closing(program.Participant(stack.gateway_url, organiser.found(CHALLENGE, SPLIT).key)) as participant:
        yield participant


def test_the_client_and_a_program_around_it_have_no_fault_of_types(folder: Path) -> None:
    (folder / "mypy.ini").write_text(STRICT)
    told = ("--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache"))
    said = run("mypy", *told, str(folder / "holdout_client"), str(PROGRAM), MYPYPATH=str(folder))
    assert said.startswith("Success")


def test_a_submission_goes_in_three_ways_and_comes_back_as_objects(participant: Any) -> None:
    assert CHALLENGE in [challenge.name for challenge in participant.challenges()]
    inline = participant.submit_inline(PREDICTIONS).submission
    scored = participant.outcome(inline.id)
    assert scored.evaluation.state == "scored"
    assert scored.evaluation.metrics["top_5_error"] == 0.1
    report = participant.report(inline.id)
    assert report.metrics["top_5_error"] == 0.1
    assert report.intervals["top_5_error"]["99.9"].low <= 0.1
    assert "event: scored" in participant.stages(inline.id)
    ways = [participant.submit_form(FILE.encode()), participant.submit_file(FILE.encode())]
    assert [way.reused for way in ways] == [False, True], "a form and a body bring the same bytes"
    assert participant.outcome(ways[0].submission.id).evaluation.metrics["top_5_error"] == 0.1
    assert {ways[0].submission.id, inline.id} <= {each.id for each in participant.submissions().items}
    assert inline.id in [entry.submission for entry in participant.board().entries]
    first = participant.events(after=0).items[0]
    assert (first.type_, first.position) == ("evaluation.scored", 1)
    assert participant.events(after=1).items[0].position == 2


def test_a_refusal_comes_back_as_a_problem(program: ModuleType, participant: Any) -> None:
    problem = participant.refused("imaginary", program.ClassificationPredictions.from_dict({"predictions": []}))
    assert isinstance(problem, program.Problem)
    assert (problem.status, problem.code) == (404, "no-such-challenge")
    with closing(program.Participant(participant.client._base_url, "holdout_none")) as stranger:
        body = program.ClassificationPredictions.from_dict({"predictions": []})
        assert stranger.refused(CHALLENGE, body).status == 401
