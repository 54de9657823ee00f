"""The journey of two people over plain HTTP and real models, wherever the product runs."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from tests.e2e.people import Person

_TITLE = "A subject in the evening sun"


def a_spec(scene_prompt: str = "Describe {{subject}} in one short sentence.") -> dict[str, Any]:
    """A text step whose output stands in the prompt of an image step with two pictures."""
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


def two_people_make_find_rate_and_remix(address: str, *, arrive: Callable[[str, str], Person]) -> None:
    """Ana makes and publishes; Ben finds, rates and remixes it; what is run again comes out the same."""
    ana, ben = arrive(address, "ana"), arrive(address, "ben")

    pipeline = ana.post("/pipelines", {"title": _TITLE, "tags": ["evening"], "spec": a_spec()})
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
    linked = ben.download(f"/results/{result['id']}").text
    assert '<meta property="og:title" content="An apple at dusk" />' in linked
    rated = ben.put(f"/pipelines/{pipeline['id']}/rating", {"stars": 5})
    assert (rated["count"], rated["average"], rated["mine"]) == (1, 5.0, 5)
    assert ana.call("PUT", f"/pipelines/{pipeline['id']}/rating", {"stars": 5}, status=409).json()["code"]

    remix = ben.post(f"/pipelines/{pipeline['id']}/remix", {})
    changed = a_spec("Write one short sentence about {{subject}} in the snow.")
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
