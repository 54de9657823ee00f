"""The journey of two people over plain HTTP, on what `make run` starts and on real models."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.edition import ROOT, Edition
from tests.e2e.journey import a_spec, two_people_make_find_rate_and_remix
from tests.e2e.people import Person, sign_up, sign_up_with_key

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("arrive", [sign_up, sign_up_with_key], ids=["with cookies", "with API keys"])
def test_two_people_make_find_rate_and_remix(edition: Edition, arrive: Callable[[str, str], Person]) -> None:
    two_people_make_find_rate_and_remix(edition.address, arrive=arrive)


def test_a_run_of_somebody_else_is_not_there(edition: Edition) -> None:
    ana, ben = sign_up(edition.address, "ana"), sign_up_with_key(edition.address, "ben")
    pipeline = ana.post("/pipelines", {"title": "Mine", "visibility": "private", "spec": a_spec()})
    ben.call("GET", f"/pipelines/{pipeline['id']}", status=404)
    ben.call("POST", "/runs", {"pipeline": pipeline["id"], "inputs": {"subject": "x"}}, status=404)


def test_a_template_in_an_input_is_text(edition: Edition) -> None:
    ana = sign_up(edition.address, "ana")
    pipeline = ana.post("/pipelines", {"title": "Careful", "spec": a_spec()})
    done = ana.finished(ana.run(pipeline["id"], inputs={"subject": "{{scene}} and {{{{"}))
    assert done["tasks"][0]["prompt"] == "Describe {{scene}} and {{{{ in one short sentence."


def test_the_page_and_its_files_answer(edition: Edition) -> None:
    visitor = Person(edition.address, headers={})
    page = visitor.download("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    scripts = [part.split('"')[0] for part in page.text.split('src="')[1:]]
    assert scripts
    assert all(visitor.download(script).headers["content-type"].startswith("text/javascript") for script in scripts)
    assert visitor.download("/runs/anything").text == page.text


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl")
@pytest.mark.parametrize(
    ("page", "title", "handle"),
    [("README.md", "The API in five lines", "cleo"), ("README.ru.md", "API в пяти строках", "klara")],
)
def test_the_readmes_five_lines_work_as_written(edition: Edition, page: str, title: str, handle: str) -> None:
    cleo = sign_up(edition.address, handle)
    step = {"name": "line", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Hello", "max_tokens": 4}}
    pipeline = cleo.post("/pipelines", {"title": "Hello", "spec": {"steps": [step]}})
    setting, search, start, watch, publish, remix = _readme_lines(edition.address, page=page, title=title)
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


def _readme_lines(address: str, *, page: str, title: str) -> list[str]:
    section = (ROOT / page).read_text("utf-8").split(f"## {title}")[1]
    lines = section.split("```sh\n")[1].split("```")[0].splitlines()
    return [line.replace("http://localhost:8000", address) for line in lines]
