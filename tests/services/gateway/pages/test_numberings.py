"""The numberings that a task's page shows are those by which the scorer reads a file."""

from deploy.stack.programs import PRACTICE, ROOT
from services.gateway.pages.numberings import numberings
from services.scorer.evaluate import find
from services.scorer.protocol import case_of
from services.scorer.tasks import classification
from shared.challenge import read_challenge

ILSVRC2012 = ROOT / "deploy/challenges/ilsvrc2012"


def test_the_kit_fox_is_279th_in_alphabetical_order_and_278_in_model_zoos() -> None:
    shown = numberings(read_challenge(ILSVRC2012).synsets[:1000])
    assert [(view.name, view.example) for view in shown] == [
        ("ilsvrc", "1"), ("model-zoo", "278"), ("kaggle", "279"), ("wnid", "n02119789"),
    ]  # fmt: skip


def test_the_scorer_reads_each_example_as_the_category_it_is_of() -> None:
    definition = read_challenge(PRACTICE)
    rules = definition.tasks[classification.NAME]
    for view in numberings(definition.synsets[: rules.categories]):
        case = case_of(definition, rules, rules.splits["practice"], view.name)
        read = find(classification, case, f"{view.example}\n".encode() * 10, b"1\n" * 10)
        assert read.metrics["top_1_error"] == 0, view.name
