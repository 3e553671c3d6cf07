"""What goes to Hugging Face is YAML of the forms that the Hub documents, read back by another reader than our writer."""

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.results.block_yaml import block_yaml
from services.gateway.results.model_card import Hub, eval_results, model_index
from shared.errors import Missing, Refused
from tests.services.gateway.results.examples import INTERVALS, METRICS, PAGE, result

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = words | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
keys = st.text("abcdefgh", min_size=1, max_size=5).filter(lambda key: not isinstance(yaml.safe_load(key), bool))
nodes = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(nodes)
def test_another_reader_reads_what_was_written(node: Any) -> None:
    assert yaml.safe_load(block_yaml(node)) == node


def test_a_model_card_has_the_fields_that_the_hub_requires() -> None:
    (model,) = yaml.safe_load(model_index(result('Res: "Net" #1@v2'), None, None))["model-index"]
    (one,) = model["results"]
    assert model["name"] == 'Res: "Net" #1'
    assert one["task"]["type"] == "image-classification"
    assert set(one["dataset"]) == {"name", "type", "split", "args"}
    assert {metric["type"]: metric["value"] for metric in one["metrics"]} == METRICS
    (top_5,) = [metric for metric in one["metrics"] if metric["type"] == "top_5_error"]
    ends = INTERVALS["top_5_error"]["95"]
    assert (top_5["name"], top_5["args"]["interval_95"]) == ("top-5 error", [ends.low, ends.high])
    assert one["source"] == {"name": "Holdout", "url": PAGE}


def test_dataset_and_metrics_are_chosen() -> None:
    text = model_index(result(), ["top_5_error"], "ILSVRC/imagenet-1k")
    one = yaml.safe_load(text)["model-index"][0]["results"][0]
    assert one["dataset"]["type"] == "ILSVRC/imagenet-1k"
    assert [metric["type"] for metric in one["metrics"]] == ["top_5_error"]
    with pytest.raises(Missing, match="top_6_error"):
        model_index(result(), ["top_6_error"], None)


def test_what_is_on_no_board_names_no_source() -> None:
    assert "source" not in model_index(result(url="", published_at=None), None, None)


def test_a_file_of_eval_results_names_a_benchmark_of_the_hub() -> None:
    (one,) = yaml.safe_load(eval_results(result(), None, Hub("ILSVRC/imagenet-1k", "top5")))
    assert one["dataset"] == {"id": "ILSVRC/imagenet-1k", "task_id": "top5"}
    assert one["value"] == METRICS["top_5_error"]
    assert date.fromisoformat(one["date"]) == date(2026, 1, 31)
    assert one["source"]["url"] == PAGE
    assert one["notes"].startswith("top-5 error: 6.18 % [5.97, 6.39]; Holdout 0.2.0, truth ")
    assert yaml.safe_load(eval_results(result(), None, Hub("a/b")))[0]["dataset"]["task_id"] == "classification"


def test_which_benchmark_it_is_must_be_said() -> None:
    with pytest.raises(Refused, match="dataset-missing"):
        eval_results(result(), None, Hub())
