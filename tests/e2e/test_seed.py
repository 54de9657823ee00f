"""The demo gallery is made through the public API, once, however often it is called or killed."""

from typing import Any

import pytest

from infra.local.seed import gallery, planting
from infra.local.seed.gallery import Named, OutputOf, Pipeline, Result
from tests.e2e.edition import Edition
from tests.e2e.people import Person, sign_up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def _a_small_gallery(mark: str) -> list[Named]:
    draw = {"name": "drawn", "kind": "image", "model": "demo-emoji", "params": {"prompt": "a {{colour}} apple"}}
    paint = {"prompt": "a green apple", "image": "{{photo}}", "strength": 0.8}
    first = Pipeline(
        title=f"Draw {mark}",
        description="Draws.",
        tags=["apple"],
        inputs=[{"name": "colour", "type": "text"}],
        steps=[draw],
        results=[Result(title=f"{c} {mark}", seed=1, inputs={"colour": c}) for c in ("red", "yellow")],
    )
    second = Pipeline(
        title=f"Repaint {mark}",
        description="Repaints.",
        tags=["apple"],
        inputs=[{"name": "photo", "type": "image"}],
        steps=[{"name": "painted", "kind": "edit", "model": "demo-emoji", "params": paint}],
        results=[Result(title=f"green {mark}", seed=2, inputs={"photo": OutputOf(pipeline="1-draw", result=1)})],
    )
    return [Named("1-draw", first), Named("2-repaint", second)]


def _key(person: Person) -> str:
    return str(person.post("/keys", {"name": "seed"})["key"])


def _results(person: Person, mark: str) -> list[str]:
    return sorted(item["title"] for item in person.get(f"/results?sort=new&q={mark}")["items"])


def _pipelines(person: Person, mark: str) -> list[str]:
    return sorted(item["title"] for item in person.get(f"/pipelines?sort=new&q={mark}")["items"])


def test_a_seed_killed_in_the_middle_goes_on_and_makes_nothing_twice(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "read", lambda: _a_small_gallery("quince"))
    owner = sign_up(edition.address, "gardener")
    key = _key(owner)

    def killed(message: str, fraction: float) -> None:
        if fraction > 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(planting, "_tell_person", killed)
        with pytest.raises(KeyboardInterrupt):
            planting.seed(edition.address, key=key, home=None)
    for _ in range(2):
        planting.seed(edition.address, key=key, home=None)
    assert _pipelines(owner, "quince") == ["Draw quince", "Repaint quince"]
    assert _results(owner, "quince") == ["green quince", "red quince", "yellow quince"]
    runs = owner.get("/runs")["items"]
    assert len(runs) == 3
    (edited,) = [run for run in runs if "photo" in run["inputs"]]
    (yellow,) = [run for run in runs if run["inputs"].get("colour") == "yellow"]
    assert edited["inputs"]["photo"] == yellow["tasks"][0]["outputs"][0]["id"]


def test_a_home_gets_its_own_account_and_what_people_delete_stays_deleted(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "read", lambda: _a_small_gallery("medlar"))
    planting.seed(edition.address, key=None, home=edition.home.root)
    assert edition.home.seed.stat().st_mode & 0o777 == 0o600
    visitor = Person(edition.address, headers={})
    (found,) = visitor.get("/pipelines?q=Draw+medlar")["items"]
    assert found["author"] == {"handle": "atelier"}

    memory: Any = planting._Memory(edition.home)
    owner = Person(edition.address, headers={"Authorization": f"Bearer {memory.key(edition.address)}"})
    owner.call("DELETE", f"/pipelines/{found['id']}", status=204)
    planting.seed(edition.address, key=None, home=edition.home.root)
    assert _pipelines(visitor, "medlar") == ["Repaint medlar"]


def test_an_account_that_somebody_else_took_leaves_the_gallery_out(
    edition: Edition, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    planting._Memory(edition.home).key(edition.address)
    monkeypatch.setattr(gallery, "read", lambda: _a_small_gallery("sorb"))
    with pytest.raises(planting.Refused, match="exists with another password"):
        planting.seed(edition.address, key=None, home=other)
