"""The history of a model family over HTTP: by name, in time order, each with what it changed."""

from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.taking import concluded, sent


def test_a_family_s_history_is_one_call(team: Team, scorer: Scorer) -> None:
    first = concluded(team, scorer, reports.scored(0.5, margin=0.01), method="ResNet@v1")
    rejected = concluded(team, scorer, reports.rejected(), method="ResNet@v2")
    concluded(team, scorer, method="ResNet-50@v1")
    last = concluded(team, scorer, reports.scored(0.3, margin=0.01), method="ResNet@v3")
    queued = sent(team, "ResNet")["id"]
    history = team.http.get("/v1/family", params={"name": "ResNet"}).raise_for_status().json()
    items = history["items"]
    assert (history["name"], history["team"]) == ("ResNet", team.name)
    assert [item["submission"] for item in items] == [first, rejected, last, queued]
    assert [item["revision"] for item in items] == ["v1", "v2", "v3", ""]
    assert [item["state"] for item in items] == ["scored", "rejected", "scored", "queued"]
    assert [item["change"] is None for item in items] == [True, True, False, True]
    change = items[2]["change"]
    assert (change["since"], change["comparable"], change["because"]) == (first, True, "")
    assert change["metrics"]["top_5_error"] == {"before": 0.5, "difference": -0.2, "better": True, "apart": True}
    assert change["metrics"]["top_1_error"] == {"before": 1.0, "difference": 0.0, "better": None, "apart": None}
    assert items[2]["scorer_version"]
    assert len(items[2]["truth"]) == 64


def test_a_history_is_of_one_split_if_asked_and_of_one_s_own(team: Team, scorer: Scorer) -> None:
    concluded(team, scorer, method="mine@a")
    assert team.http.get("/v1/family", params={"name": "mine", "split": "validation"}).status_code == 200
    for query in ({"name": "mine", "split": "test"}, {"name": "theirs"}, {"name": "mine@a"}, {"name": "%"}):
        answer = team.http.get("/v1/family", params=query)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-family")


def test_families_are_listed_by_their_last_use(team: Team) -> None:
    for method in ("A@1", "B", "A@2", ""):
        sent(team, method)
    families = team.http.get("/v1/families").raise_for_status().json()
    assert [(one["name"], one["submissions"], one["revisions"]) for one in families["items"]] == [
        ("A", 2, ["2", "1"]),
        ("B", 1, []),
    ]
    assert families["next"] is None


def test_families_come_in_pages_that_do_not_shift_when_one_is_used_meanwhile(team: Team) -> None:
    for method in ("A@1", "B@1", "C", "B@2", "D"):
        sent(team, method)
    names, query = list[str](), {"limit": "1"}
    for used_meanwhile in ("E", "D", "C"):
        page = team.http.get("/v1/families", params=query).raise_for_status().json()
        names += [one["name"] for one in page["items"]]
        query["cursor"] = page["next"]
        sent(team, used_meanwhile)
    last = team.http.get("/v1/families", params=query).raise_for_status().json()
    assert [*names, *(one["name"] for one in last["items"])] == ["D", "B", "C", "A"]
    assert last["next"] is None
    broken = team.http.get("/v1/families", params={"cursor": "1"})
    assert (broken.status_code, broken.json()["code"]) == (400, "cursor-invalid")
    assert team.http.get("/v1/families", params={"limit": 101}).status_code == 422
