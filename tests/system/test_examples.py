"""What the programs of `examples/` write goes to a running server, by the lines that they tell, and scores what it must."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.demo.visitor import Visitor
from shared.challenge import read_synsets
from tests.examples.classifiers import WITHOUT_DOWNLOAD, guesses, numbering, predicted, told
from tests.examples.pictures import paint
from tests.examples.programs import CLASSIFIERS, EXAMPLES, ROOT, run
from tests.examples.workflow import CLIENT, KEEPING, SCORING, run_step, scripts
from tests.reference.numbering import spelled
from tests.stacks import Stack
from tests.system.participants import Organiser, definition

pytestmark = pytest.mark.system

SYNSETS = ROOT / "deploy" / "challenges" / "ilsvrc2012" / "synsets.tsv"
WORSE = 7
"""The client's exit code for it."""

LABELS = [image % 1000 + 1 for image in range(2000)]
TABLE = [(synset.id, synset.wnid) for synset in read_synsets(SYNSETS)[:1000]]


@pytest.fixture(scope="module")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as downloaded."""
    path = tmp_path_factory.mktemp("client") / "client.py"
    path.write_bytes(httpx.get(f"{stack.gateway_url}/client.py").raise_for_status().content)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six pictures."""
    return paint(tmp_path_factory.mktemp("pictures"))


def host(organiser: Organiser, folder: Path, labels: Sequence[int]) -> str:
    """Publish a challenge in ILSVRC's categories, with a validation split that has these labels; its name."""
    name = f"examples-{uuid4().hex[:10]}"
    content = definition(name, len(labels), places=100).replace("splits.test]", "splits.validation]")
    content = content.replace("year = 2026", f'year = 2026\nsynsets = "{SYNSETS}"')
    content = content.replace("held_out = true", 'held_out = false\nimage_names = "ILSVRC2012_val_{:08d}"')
    (folder / "challenge.toml").write_text(content)
    (folder / "truth.txt").write_text("".join(f"{label}\n" for label in labels))
    organiser.publish(folder, f"classification/validation={folder / 'truth.txt'}", check=False)
    return name


def submit(client: Path, stack: Stack, visitor: Visitor, arguments: Sequence[str], folder: Path) -> dict[str, float]:
    """Run `client.py submit …` in `folder`; the metrics that it prints."""
    at = ("--server", stack.gateway_url, "--key", visitor.key, "--json")
    command = (sys.executable, "-I", str(client), *arguments, *at)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    metrics: dict[str, float] = json.loads(done.stdout)["evaluation"]["metrics"]
    return metrics


@pytest.mark.parametrize("name", sorted(WITHOUT_DOWNLOAD))
def test_a_classifier_s_guesses_are_scored_in_the_numbering_that_its_heading_tells(
    name: str, client: Path, stack: Stack, organiser: Organiser, pictures: Path, tmp_path: Path
) -> None:
    """The first picture's label is its first guess, the second's its second …; the sixth's is none of its five."""
    rows = guesses(predicted(name, pictures, tmp_path))
    ours = {number: id_ for id_, number in spelled(TABLE, numbering(CLASSIFIERS / name)).items()}
    labels = [ours[row[rank]] for rank, row in enumerate(rows[:5])]
    labels.append(next(id_ for number, id_ in ours.items() if number not in rows[5]))
    challenge = host(organiser, tmp_path, labels)
    arguments = [challenge if each == "ilsvrc2012" else each for each in told(CLASSIFIERS / name)]
    metrics = submit(client, stack, organiser.found(challenge, "validation"), arguments, tmp_path)
    assert [metrics[f"top_{k}_error"] for k in range(1, 6)] == pytest.approx([5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])


def test_a_real_model_knows_the_photographs(client: Path, stack: Stack, organiser: Organiser, tmp_path: Path) -> None:
    folder = EXAMPLES / "photographs"
    run(folder / "photographs.py", "images", folder=tmp_path)
    run(CLASSIFIERS / "efficientnet_lite.py", "images", folder=tmp_path)
    organiser.publish(folder, f"classification/test={folder / 'truth.txt'}")
    arguments = told(folder / "photographs.py")
    metrics = submit(client, stack, organiser.found("photographs"), arguments, tmp_path)
    assert metrics["top_1_error"] == 0


def test_a_model_trained_on_digits_scores_on_those_it_has_not_seen(
    client: Path, stack: Stack, organiser: Organiser, tmp_path: Path
) -> None:
    folder = EXAMPLES / "digits"
    for what in ("truth", "predict"):
        (tmp_path / f"{what}.txt").write_text(run(folder / "digits.py", what, folder=tmp_path))
    (tmp_path / "predict.txt").rename(tmp_path / "predictions.txt")
    organiser.publish(folder, f"classification/test={tmp_path / 'truth.txt'}")
    metrics = submit(client, stack, organiser.found("digits"), told(folder / "digits.py"), tmp_path)
    assert 0 < metrics["top_3_error"] < metrics["top_1_error"] < 0.05


def test_the_workflow_fails_when_a_model_of_the_zoo_gets_worse(
    stack: Stack, organiser: Organiser, tmp_path: Path
) -> None:
    challenge = host(organiser, tmp_path, LABELS)
    key = organiser.found(challenge, "validation").key
    steps = {name: script.replace("ilsvrc2012", challenge) for name, script in scripts().items()}
    (tmp_path / "predictions").mkdir()

    settings = {"HOLDOUT_URL": stack.gateway_url, "HOLDOUT_KEY": key}
    assert run_step(steps[CLIENT], tmp_path, **settings).returncode == 0

    def night(wrong: int) -> int:
        """One run, without what GitHub does between; the exit code of its scoring."""
        for model, worse in (("first", 50), ("second", wrong)):
            (tmp_path / "predictions" / f"{model}.txt").write_text(zoo_file(worse))
        done = run_step(steps[SCORING], tmp_path, **settings)
        if done.returncode == 0:
            assert run_step(steps[KEEPING], tmp_path, **settings).returncode == 0
        return done.returncode

    baseline = tmp_path / "baseline.json"
    assert night(100) == 0, "there is no baseline yet"
    kept = baseline.read_bytes()
    assert night(200) == WORSE
    assert baseline.read_bytes() == kept


def zoo_file(wrong: int) -> str:
    """A model's predictions: the first images wrong, in the numbering of model zoos."""
    numbers = spelled(TABLE, "model-zoo")
    return "".join(f"{numbers[label % 1000 + 1 if i < wrong else label]}\n" for i, label in enumerate(LABELS))
