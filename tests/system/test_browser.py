"""In a browser without a network: the API docs lead from a key to a score, and every page is whole by itself."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator

from deploy.stack.programs import PRACTICE
from services.gateway.api.practice import CHALLENGE, FILE, PREDICTIONS, SPLIT, TASK
from tests.stacks import Stack
from tests.system.browsing import Visit, browsing, visiting
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

SUBMIT, READ = "#operations-submissions-submit", "#operations-submissions-read_submission"
TOP_5_ERROR = 1 / len(PREDICTIONS)
"""The example misses one image."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Visit]:
    """A page that must neither ask anybody else nor complain."""
    with visiting(browser, stack.gateway_url) as visit:
        yield visit
    assert not visit.strays
    assert not visit.complaints


@pytest.fixture(scope="module")
def key(organiser: Organiser) -> str:
    """A new team's key, as the organisers hand it out."""
    return organiser.found(CHALLENGE, SPLIT).key


def authorize(visit: Visit, key: str) -> None:
    visit.step("press Authorize, paste the key, close")
    visit.page.locator(".auth-wrapper > .authorize").click()
    window = visit.page.locator(".auth-container")
    window.locator("input").fill(key)
    window.get_by_role("button", name="Apply credentials").click()
    window.get_by_role("button", name="Close").click()


def try_out(visit: Visit, selector: str) -> Locator:
    visit.step(f"open {selector.rpartition('-')[2]}, press Try it out")
    operation = visit.page.locator(selector)
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    return operation


def execute(visit: Visit, operation: Locator) -> tuple[int, dict[str, Any]]:
    operation.locator("button.execute").click()
    answer = operation.locator(".live-responses-table tbody tr.response").first
    status = int(answer.locator(".response-col_status").inner_text().split()[0])
    content: dict[str, Any] = json.loads(answer.locator(".response-col_description pre").first.inner_text())
    visit.step(f"press Execute: {status} {operation.locator('.request-url pre').inner_text().removeprefix(visit.url)}")
    return status, content


def test_the_docs_lead_from_a_key_to_a_score_with_the_example_as_it_stands(visit: Visit, key: str) -> None:
    visit.open("/docs")
    authorize(visit, key)
    submit = try_out(visit, SUBMIT)
    media = submit.locator(".body-param-content-type select").input_value()
    visit.step(
        f"leave the example as it is: {media}, {len(submit.locator('.body-param__text').input_value())} characters"
    )
    assert media == "application/json"
    status, accepted = execute(visit, submit)
    submission = accepted["submission"]
    assert status == 202
    assert (submission["challenge"], submission["task"], submission["split"]) == (CHALLENGE, TASK, SPLIT)
    see_score(visit, submission)
    read = try_out(visit, READ)
    visit.step("paste the submission's id, leave wait as it is")
    read.locator("tr[data-param-name=submission] input").fill(submission["id"])
    status, again = execute(visit, read)
    assert status == 200
    see_score(visit, again)


def test_a_file_is_chosen_and_uploaded_in_the_docs(visit: Visit, key: str) -> None:
    visit.open("/docs")
    authorize(visit, key)
    submit = try_out(visit, SUBMIT)
    visit.step("choose multipart/form-data, and a file: the truth itself")
    submit.locator(".body-param-content-type select").select_option("multipart/form-data")
    submit.locator("input[type=file]").set_input_files(PRACTICE / "truth.txt")
    status, accepted = execute(visit, submit)
    assert status == 202
    assert accepted["submission"]["evaluation"]["metrics"]["top_5_error"] == 0


def see_score(visit: Visit, submission: dict[str, Any]) -> None:
    evaluation = submission["evaluation"]
    visit.step(f"on the screen: {evaluation['state']}, top_5_error {(evaluation['metrics'] or {}).get('top_5_error')}")
    assert evaluation["state"] == "scored"
    assert evaluation["metrics"]["top_5_error"] == TOP_5_ERROR


def test_the_pages_lead_from_the_first_to_an_entry(visit: Visit, organiser: Organiser) -> None:
    sent = organiser.found(CHALLENGE, SPLIT).scored(FILE.encode(), "seen in a browser")
    page = visit.page
    visit.open("/")
    for link, heading in (("practice task", "Classification"), ("board", "Classification: Practice")):
        visit.step(f"follow “{link}”")
        page.get_by_role("link", name=link, exact=True).click()
        assert page.locator("h1").inner_text() == heading
    visit.step("follow the entry")
    page.locator(f"a[href$='{sent['id']}']").click()
    assert page.locator("h1").inner_text() == "seen in a browser"
    assert f"{TOP_5_ERROR:.5f}" in page.locator("table").inner_text()
    visit.step("see the badge")
    assert page.locator("img.badge").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    visit.open(f"/challenges/{CHALLENGE}")
    visit.step("follow “Sample, and how to submit”, download the sample")
    page.get_by_role("link", name="Sample, and how to submit").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this sample").click()
    assert download.value.suggested_filename == f"{CHALLENGE}-{TASK}-sample.txt"
    assert download.value.path().read_text().splitlines() == FILE.splitlines()[:3]


def test_the_command_on_the_first_page_is_whole(visit: Visit, key: str) -> None:
    visit.open("/")
    command = visit.page.locator(".command").first.inner_text()
    done = subprocess.run(
        ["sh", "-c", command], env={"HOLDOUT_KEY": key, "PATH": "/usr/bin:/bin"}, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["submission"]["evaluation"]["state"] == "scored"


def test_a_page_that_asked_somebody_else_would_be_caught(browser: Browser, stack: Stack) -> None:
    with visiting(browser, stack.gateway_url) as visit:
        visit.page.goto(stack.gateway_url + "/nowhere")
        with pytest.raises(Error):
            visit.page.goto("http://elsewhere.example/")
    assert visit.strays == ["http://elsewhere.example/"]
    assert any("404" in complaint for complaint in visit.complaints)
