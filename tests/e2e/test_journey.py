"""The journey of two people over plain HTTP, on what `make run` starts and on real models."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.edition import ROOT, Edition
from tests.e2e.people import Person, sign_up, sign_up_with_key

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_TITLE = "A subject in the evening sun"


def _spec(scene_prompt: str = "Describe {{subject}} in one short sentence.") -> dict[str, Any]:
    scene = {"prompt": scene_prompt, "max_tokens": 24, "temperature": 0.5}
    picture = {"prompt": "{{subject}}. {{scene}}", "count": 2}
    return {
        "inputs": [{"name": "subject", "label": "Who or what", "type": "text"}],
        "steps": [
            {"name": "scene", "kind": "text", "model": "smollm2-135m", "params": scene},
            {"name": "picture", "kind": "image", "model": "demo-emoji", "params": picture},
        ],
    }


def _pictures(person: Person, run: Any) -> list[bytes]:
    return [person.download(output["url"]).content for output in run["tasks"][1]["outputs"]]


def _mean_colour(picture: bytes) -> np.ndarray:
    """Mean red, green and blue of what is drawn, without the white around it."""
    pixels = np.asarray(Image.open(BytesIO(picture)).convert("RGB"), dtype=float).reshape(-1, 3)
    return pixels[pixels.min(axis=1) < 200].mean(axis=0)


@pytest.mark.parametrize("arrive", [sign_up, sign_up_with_key], ids=["with cookies", "with API keys"])
def test_two_people_make_find_rate_and_remix(edition: Edition, arrive: Callable[[str, str], Person]) -> None:
    ana, ben = arrive(edition.address, "ana"), arrive(edition.address, "ben")

    pipeline = ana.post("/pipelines", {"title": _TITLE, "tags": ["evening"], "spec": _spec()})
    body = {"inputs": {"subject": "a red apple"}, "seed": 7}
    first = ana.succeeded(ana.run(pipeline["id"], **body))
    text, pictures = first["tasks"][0]["outputs"][0], first["tasks"][1]["outputs"]
    assert len(pictures) == 2
    assert ana.download(text["url"]).text.startswith(text["text"])
    assert first["tasks"][1]["prompt"] == f"a red apple. {text['text']}"
    drawn = _pictures(ana, first)
    assert [Image.open(BytesIO(one)).size for one in drawn] == [(64, 64), (64, 64)]
    assert drawn[0] != drawn[1]
    assert all(ana.download(one["thumb_url"]).headers["content-type"] == "image/webp" for one in pictures)
    result = ana.put(f"/runs/{first['id']}/result", {"title": "An apple at dusk"}, status=201)

    assert result["id"] in {item["id"] for item in ben.get("/results?sort=new")["items"]}
    found = {item["id"]: item for item in ben.get("/results?q=dusk&sort=new")["items"]}[result["id"]]
    assert found["pipeline"]["id"] == pipeline["id"]
    details = ben.get(f"/results/{result['id']}")
    assert [task["step"] for task in details["tasks"]] == ["scene", "picture"]
    assert details["tasks"][0]["prompt"] == "Describe a red apple in one short sentence."
    assert all(len(task["revision"]) == 40 and task["params"] and task["seconds"] > 0 for task in details["tasks"])
    assert details["seed"] == 7
    rated = ben.put(f"/pipelines/{pipeline['id']}/rating", {"stars": 5})
    assert (rated["count"], rated["average"], rated["mine"]) == (1, 5.0, 5)
    assert ana.call("PUT", f"/pipelines/{pipeline['id']}/rating", {"stars": 5}, status=409).json()["code"]

    remix = ben.post(f"/pipelines/{pipeline['id']}/remix", {})
    changed = _spec("Write one short sentence about {{subject}} in the snow.")
    assert ben.post(f"/pipelines/{remix['id']}/versions", {"spec": changed, "note": "snow"})["number"] == 2
    remixed = ben.succeeded(ben.run(remix["id"], inputs={"subject": "a red apple"}, seed=7))
    assert remixed["version"] == 2
    assert "in the snow" in remixed["tasks"][0]["prompt"]
    assert ben.get(f"/pipelines/{remix['id']}")["parent"] == {"pipeline": pipeline["id"], "version": 1}

    again = ana.succeeded(ana.run(pipeline["id"], version=1, **body))
    assert _pictures(ana, again) == drawn
    assert again["tasks"][0]["outputs"][0]["text"] == text["text"]
    green = ana.succeeded(ana.run(pipeline["id"], inputs={"subject": "a green apple"}, seed=7))
    for red_one, green_one in zip(drawn, _pictures(ana, green), strict=True):
        red, other = _mean_colour(red_one), _mean_colour(green_one)
        assert red[0] > red[1]
        assert other[1] > other[0]


def test_a_run_of_somebody_else_is_not_there(edition: Edition) -> None:
    ana, ben = sign_up(edition.address, "ana"), sign_up_with_key(edition.address, "ben")
    pipeline = ana.post("/pipelines", {"title": "Mine", "visibility": "private", "spec": _spec()})
    ben.call("GET", f"/pipelines/{pipeline['id']}", status=404)
    ben.call("POST", "/runs", {"pipeline": pipeline["id"], "inputs": {"subject": "x"}}, status=404)


def test_a_template_in_an_input_is_text(edition: Edition) -> None:
    ana = sign_up(edition.address, "ana")
    pipeline = ana.post("/pipelines", {"title": "Careful", "spec": _spec()})
    done = ana.finished(ana.run(pipeline["id"], inputs={"subject": "{{scene}} and {{{{"}))
    assert done["tasks"][0]["prompt"] == "Describe {{scene}} and {{{{ in one short sentence."


def test_the_page_and_its_files_answer(edition: Edition) -> None:
    visitor = Person(edition.address, headers={})
    page = visitor.download("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    scripts = [part.split('"')[0] for part in page.text.split('src="')[1:]]
    assert scripts
    assert all(visitor.download(script).headers["content-type"].startswith("text/javascript") for script in scripts)
    assert visitor.download("/results/anything").text == page.text


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl")
def test_the_readmes_five_lines_work_as_written(edition: Edition) -> None:
    cleo = sign_up(edition.address, "cleo")
    step = {"name": "line", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Hello", "max_tokens": 4}}
    pipeline = cleo.post("/pipelines", {"title": "Hello", "spec": {"steps": [step]}})
    setting, search, start, watch, publish, remix = _readme_lines(edition.address)
    names = {"KEY": cleo.post("/keys", {"name": "readme"})["key"], "PIPELINE": pipeline["id"]}

    def answer(line: str, **more: str) -> Any:
        environment = os.environ | names | more  # noqa: TID251 - handed on, not read
        done = subprocess.run(["bash", "-ec", f"{setting}\n{line}"], env=environment, capture_output=True, check=True)
        return json.loads(done.stdout)

    assert "items" in answer(search)
    run = answer(start)
    cleo.succeeded(run)
    assert answer(watch, RUN=run["id"])["state"] == "succeeded"
    assert answer(publish, RUN=run["id"])["run"] == run["id"]
    assert answer(remix)["parent"] == {"pipeline": pipeline["id"], "version": 1}


def _readme_lines(address: str) -> list[str]:
    section = (ROOT / "README.md").read_text("utf-8").split("## The API in five lines")[1]
    lines = section.split("```sh\n")[1].split("```")[0].splitlines()
    return [line.replace("http://localhost:8000", address) for line in lines]
