"""Where things come from and how two of them differ; what somebody may not see leaves no trace in either."""

from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.lambdas.api.people import SPEC, Person, a_pipeline, code
from tests.lambdas.builders import a_finished_run


def remix(person: Person, pipeline: str, title: str) -> str:
    answer = person.post(f"/pipelines/{pipeline}/remix", {"title": title})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def family(client: Any, pipeline: str) -> list[str]:
    path = f"/pipelines/{pipeline}/lineage"
    answer = client.get(path if isinstance(client, Person) else f"/api/v1{path}")
    return [item["title"] for item in answer.json()["items"]]


@pytest.fixture
def tree(ana: Person, ben: Person) -> dict[str, str]:
    """Grandparent ← parent ← self ← child ← grandchild, and a sibling of self."""
    ids = {"grandparent": a_pipeline(ana, title="grandparent")["id"]}
    ids["parent"] = remix(ben, ids["grandparent"], "parent")
    ids["self"] = remix(ana, ids["parent"], "self")
    ids["sibling"] = remix(ben, ids["parent"], "sibling")
    ids["child"] = remix(ben, ids["self"], "child")
    ids["grandchild"] = remix(ana, ids["child"], "grandchild")
    return ids


def test_a_lineage_has_relatives_nearest_first(anyone: TestClient, tree: dict[str, str]) -> None:
    found = family(anyone, tree["self"])
    assert found[0] == "self"
    assert set(found[1:3]) == {"parent", "child"}
    assert set(found[3:]) == {"grandparent", "grandchild", "sibling"}
    items = anyone.get(f"/api/v1/pipelines/{tree['self']}/lineage").json()
    assert items["more"] is False
    assert items["items"][0]["parent"] == {"pipeline": tree["parent"], "version": 1}
    assert items["items"][0]["author"] == {"handle": "ana"}


def test_a_relative_shows_the_cover_of_its_best_result(
    anyone: TestClient, ana: Person, tree: dict[str, str], conn: psycopg.Connection
) -> None:
    run = a_finished_run(conn, account=ana.id, pipeline=tree["self"])
    result = ana.put(f"/runs/{run}/result", {}).json()
    first = anyone.get(f"/api/v1/pipelines/{tree['self']}/lineage").json()["items"][0]
    assert first["cover"] == result["cover"]
    assert first["counts"]["results"] == 1


@pytest.mark.parametrize("change", [{"visibility": "private"}, {"visibility": "unlisted"}, None])
def test_what_one_may_not_see_leaves_no_trace(
    anyone: TestClient, ben: Person, tree: dict[str, str], change: dict[str, str] | None
) -> None:
    if change:
        ben.patch(f"/pipelines/{tree['child']}", change)
    else:
        ben.delete(f"/pipelines/{tree['child']}")
    assert set(family(anyone, tree["self"])) == {"self", "parent", "grandparent", "sibling"}
    if change == {"visibility": "private"}:
        text = anyone.get(f"/api/v1/pipelines/{tree['grandchild']}/lineage").text
        assert tree["child"] not in text
        assert set(family(ben, tree["self"])) == set(tree), "its author sees all of it"


def test_the_lineage_of_what_is_private_is_not_there(anyone: TestClient, ana: Person, tree: dict[str, str]) -> None:
    ana.patch(f"/pipelines/{tree['self']}", {"visibility": "private"})
    assert code(anyone.get(f"/api/v1/pipelines/{tree['self']}/lineage")) == (404, "not_found")


def changed(prompt: str) -> dict[str, Any]:
    step = SPEC["steps"][0] | {"params": {"prompt": prompt}}
    return SPEC | {"steps": [step, *SPEC["steps"][1:]]}


def test_a_version_is_compared_with_the_one_before(ana: Person, anyone: TestClient) -> None:
    pipeline = a_pipeline(ana)["id"]
    ana.post(f"/pipelines/{pipeline}/versions", {"spec": changed("Describe {{subject}} in snow.")})
    found = anyone.get(f"/api/v1/pipelines/{pipeline}/versions/2/diff").json()
    assert (found["from"]["version"], found["to"]["version"]) == (2, 1)
    scene, picture = found["steps"]
    assert (scene["change"], picture["change"], found["inputs"]) == ("changed", "same", [])
    assert scene["params"] == [
        {
            "name": "prompt",
            "from": "Describe {{subject}} in snow.",
            "to": "Describe {{subject}}.",
            "words": [["=", "Describe"], ["-", " {{subject}} in snow."], ["+", " {{subject}}."]],
        }
    ]


def test_a_first_version_is_compared_with_its_parent_or_with_what_is_named(
    ana: Person, ben: Person, anyone: TestClient
) -> None:
    parent = a_pipeline(ana)["id"]
    made = remix(ben, parent, "mine")
    found = anyone.get(f"/api/v1/pipelines/{made}/versions/1/diff").json()
    assert found["to"] == {"pipeline": parent, "version": 1}
    named = anyone.get(f"/api/v1/pipelines/{parent}/versions/1/diff", params={"to": f"{made}:1"}).json()
    assert named["to"] == {"pipeline": made, "version": 1}
    assert code(anyone.get(f"/api/v1/pipelines/{parent}/versions/1/diff")) == (404, "not_found")
    ana.patch(f"/pipelines/{parent}", {"visibility": "private"})
    assert code(anyone.get(f"/api/v1/pipelines/{made}/versions/1/diff")) == (404, "not_found")


@pytest.mark.parametrize(
    "to", ["x", "1:1", "019c2a7e-5b1c-7f3a-9d2e-4b8c1a6f0e57", "019c2a7e-5b1c-7f3a-9d2e-4b8c1a6f0e57:0"]
)
def test_an_address_out_of_form_is_refused(ana: Person, to: str) -> None:
    answer = ana.get(f"/pipelines/{a_pipeline(ana)['id']}/versions/1/diff", params={"to": to})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["bad_version"]


def test_a_result_is_compared_with_the_best_of_its_parent(
    ana: Person, ben: Person, anyone: TestClient, conn: psycopg.Connection
) -> None:
    parent = a_pipeline(ana)["id"]
    run = a_finished_run(conn, account=ana.id, pipeline=parent, subject="a red fox", seed=7)
    best = ana.put(f"/runs/{run}/result", {"title": "Fox"}).json()
    made = remix(ben, parent, "mine")
    run = a_finished_run(conn, account=ben.id, pipeline=made, subject="an owl", seed=8)
    own = ben.put(f"/runs/{run}/result", {"title": "Owl"}).json()
    found = anyone.get(f"/api/v1/results/{own['id']}/diff").json()
    assert (found["from"]["id"], found["to"]["id"]) == (own["id"], best["id"])
    assert (found["from"]["seed"], found["to"]["seed"]) == (8, 7)
    assert found["to"]["cover"] == best["cover"]
    assert [(change["name"], change["from"], change["to"]) for change in found["inputs"]] == [
        ("subject", "an owl", "a red fox")
    ]
    assert {step["change"] for step in found["steps"]} == {"same"}
    assert code(anyone.get(f"/api/v1/results/{best['id']}/diff")) == (404, "not_found")
    ana.patch(f"/pipelines/{parent}", {"visibility": "private"})
    assert code(anyone.get(f"/api/v1/results/{own['id']}/diff")) == (404, "not_found")
