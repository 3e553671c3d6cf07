"""What tests expect of the gateway's answers, and where they send their files."""

import httpx

TEST_SPLIT = "/v1/challenges/tiny/tasks/classification/splits/test/submissions"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The problem in `answer`, which must be this one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, object] = answer.json()
    assert content["code"] == code
    assert content["request_id"] == answer.headers["x-request-id"]
    return content
