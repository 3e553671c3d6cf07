"""The workflow of `examples/ci` is one that GitHub would read: triggers, rights, steps in an order that makes sense."""

import re

from tests.examples.workflow import BASELINE, CLIENT, KEEPING, PLACE, SCORING, scripts, workflow

SECRETS = re.compile(r"\$\{\{ (\S+) \}\}")


def test_it_says_when_and_where_it_runs_and_asks_for_no_more_rights_than_it_needs() -> None:
    told = workflow()
    # YAML 1.1 reads `on` as true.
    assert set(told[True]) == {"push", "schedule", "workflow_dispatch"}
    assert told["permissions"] == {"contents": "read", "actions": "read"}
    (job,) = told["jobs"].values()
    assert job["runs-on"]
    assert job["timeout-minutes"] <= 60


def test_every_step_is_a_script_or_an_action_of_a_version_and_the_key_is_a_secret() -> None:
    (job,) = workflow()["jobs"].values()
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)
    assert set(SECRETS.findall(PLACE.read_text())) == {"vars.HOLDOUT_URL", "secrets.HOLDOUT_KEY", "github.token"}


def test_the_baseline_is_kept_after_the_scoring_under_the_name_by_which_the_next_run_gets_it() -> None:
    assert list(scripts()) == [CLIENT, BASELINE, SCORING, KEEPING]
    (job,) = workflow()["jobs"].values()
    last = job["steps"][-1]
    assert last["uses"].startswith("actions/upload-artifact@")
    assert f"--name {last['with']['name']}" in scripts()[BASELINE]
    assert last["with"]["path"] in scripts()[SCORING]
