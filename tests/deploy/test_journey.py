"""The journey of issue A through the deployed stage: HTTP API, functions, queues, machines and media."""

import sys
from pathlib import Path

import httpx
import pytest

from infra.local import __main__ as local
from infra.local.seed import gallery
from infra.local.seed.gallery import Named
from tests.deploy import edge
from tests.deploy.deployment import Deployment
from tests.deploy.machine import log_of
from tests.e2e.journey import two_people_make_find_rate_and_remix
from tests.e2e.people import Person, sign_up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_two_people_make_find_rate_and_remix(address: str, machines: dict[str, Path]) -> None:
    two_people_make_find_rate_and_remix(address, arrive=sign_up)
    for queue, folder in machines.items():
        assert any("task done" in line for line in log_of(folder)), f"the machine of {queue} that made itself did it"


def test_the_seed_fills_a_deployment(address: str, machines: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    few = [_with_one_result(named) for named in gallery.read() if named.name[:2] in {"01", "13"}]
    monkeypatch.setattr(gallery, "read", lambda: few)
    gardener = sign_up(address, "gardener")
    key = gardener.post("/keys", {"name": "seed"})["key"]
    monkeypatch.setattr(sys, "argv", ["python -m infra.local", "seed", "--api", address, "--key", key])
    assert local.main() == 0
    titles = {item["title"] for item in Person(address, headers={}).get("/results?sort=new")["items"]}
    assert {named.pipeline.results[0].title for named in few} <= titles


def _with_one_result(named: Named) -> Named:
    pipeline = named.pipeline.model_copy(update={"results": named.pipeline.results[:1]})
    return Named(named.name, pipeline)


def test_the_api_trusts_no_host_that_comes_past_cloudfront(deployment: Deployment) -> None:
    url = f"{deployment.endpoint}{edge.api_path(deployment)}/api/v1/accounts/guest"
    past = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
    answer = httpx.post(url, headers={**past, "X-Origin-Secret": "guessed"}, timeout=30)
    assert answer.status_code == 403
