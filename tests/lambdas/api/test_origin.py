"""A page of another site cannot act for whoever is signed in here."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.lambdas.api.people import PASSWORD, SITE, Person, code


def key_of(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.post('/keys', {'name': 'a key'}).json()['key']}"}


@pytest.mark.parametrize(
    "origin",
    ["https://atelier.test", "http://evil.test", "http://atelier.test.evil.test", "http://atelier.test:8080", "null"],
)
def test_a_cookie_from_another_origin_is_refused(ana: Person, origin: str) -> None:
    answer = ana.post("/keys", {"name": "stolen"}, headers={"Origin": origin})
    assert code(answer) == (403, "wrong_origin")
    assert ana.get("/keys").json()["items"] == []


def test_a_cookie_without_an_origin_is_refused(app: FastAPI, ana: Person) -> None:
    client = TestClient(app, base_url=SITE, cookies=dict(ana.client.cookies))
    assert code(client.post("/api/v1/keys", json={"name": "stolen"})) == (403, "wrong_origin")
    assert client.get("/api/v1/me").status_code == 200, "reading is safe"


def test_nobody_is_signed_in_from_another_site(anyone: TestClient, ana: Person) -> None:
    login = {"login": "ana", "password": PASSWORD}
    headers = {"Origin": "http://evil.test"}
    assert code(anyone.post("/api/v1/sessions", json=login, headers=headers)) == (403, "wrong_origin")
    assert code(anyone.post("/api/v1/accounts/guest", headers=headers)) == (403, "wrong_origin")
    assert anyone.post("/api/v1/sessions", json=login).status_code == 201, "a client without cookies sends no Origin"


def test_a_key_needs_no_origin(app: FastAPI, ana: Person) -> None:
    client = TestClient(app, base_url=SITE)
    assert client.post("/api/v1/keys", json={"name": "b"}, headers=key_of(ana)).status_code == 201
    headers = key_of(ana) | {"Origin": "http://a-notebook.test"}
    assert client.post("/api/v1/keys", json={"name": "c"}, headers=headers).status_code == 201


def test_a_bad_key_is_not_saved_by_a_good_cookie(ana: Person) -> None:
    assert code(ana.get("/me", headers={"Authorization": "Bearer atl_nonsense"})) == (401, "not_signed_in")
    assert code(ana.get("/results", headers={"Authorization": "Bearer atl_nonsense"})) == (401, "not_signed_in")
    assert code(ana.get("/me", headers={"Authorization": "Basic YW5hOng="})) == (401, "not_signed_in")


def test_behind_cloudfront_the_host_counts_that_the_browser_sees(start: Callable[..., FastAPI]) -> None:
    app = start(origin_secret="the secret of cloudfront", site_scheme="https")
    client = TestClient(app, base_url="https://abc.execute-api.test")
    cloudfront = {"X-Origin-Secret": "the secret of cloudfront", "X-Forwarded-Host": "atelier.example"}
    guest = client.post("/api/v1/accounts/guest", headers=cloudfront | {"Origin": "https://atelier.example"})
    assert guest.status_code == 201
    from_api_host = cloudfront | {"Origin": "https://abc.execute-api.test"}
    assert code(client.post("/api/v1/keys", json={"name": "k"}, headers=from_api_host)) == (403, "wrong_origin")
    made_up = {"X-Forwarded-Host": "evil.test", "Origin": "https://evil.test"}
    assert code(client.post("/api/v1/keys", json={"name": "k"}, headers=made_up)) == (403, "wrong_origin")
