"""API keys: shown once, kept as a hash, gone when withdrawn or expired."""

import psycopg
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.lambdas.api.people import SITE, SPEC, Person, code, locs


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_does_everything_without_cookies(app: FastAPI, ana: Person) -> None:
    made = ana.post("/keys", {"name": "laptop"}).json()
    client = TestClient(app, base_url=SITE, headers=bearer(made["key"]))
    assert client.get("/api/v1/me").json()["handle"] == "ana"
    assert client.post("/api/v1/pipelines", json={"title": "By key", "spec": SPEC}).status_code == 201


def test_a_key_is_shown_once(ana: Person, conn: psycopg.Connection) -> None:
    made = ana.post("/keys", {"name": "laptop"}).json()
    assert made["key"].startswith("atl_")
    assert made["key"].startswith(made["prefix"])
    listed = ana.get("/keys")
    assert made["key"] not in listed.text
    assert listed.json()["items"][0]["prefix"] == made["prefix"]
    (row,) = conn.execute("SELECT key_hash, prefix FROM keys")
    assert made["key"].encode() not in row[0]
    assert len(row[1]) < len(made["key"]) / 2


def test_a_key_remembers_when_it_was_used(app: FastAPI, ana: Person) -> None:
    made = ana.post("/keys", {"name": "laptop"}).json()
    assert ana.get("/keys").json()["items"][0]["last_used_at"] is None
    TestClient(app, base_url=SITE).get("/api/v1/me", headers=bearer(made["key"]))
    assert ana.get("/keys").json()["items"][0]["last_used_at"] is not None


def test_a_withdrawn_key_is_useless(app: FastAPI, ana: Person) -> None:
    made = ana.post("/keys", {"name": "laptop"}).json()
    assert ana.delete(f"/keys/{made['id']}").status_code == 204
    client = TestClient(app, base_url=SITE)
    assert code(client.get("/api/v1/me", headers=bearer(made["key"]))) == (401, "not_signed_in")
    assert code(ana.delete(f"/keys/{made['id']}")) == (404, "not_found")


def test_an_expired_key_is_useless(app: FastAPI, ana: Person, conn: psycopg.Connection) -> None:
    made = ana.post("/keys", {"name": "laptop", "expires_at": "2999-01-01T00:00:00+03:00"}).json()
    assert made["expires_at"] == "2998-12-31T21:00:00Z"
    client = TestClient(app, base_url=SITE, headers=bearer(made["key"]))
    assert client.get("/api/v1/me").status_code == 200
    conn.execute("UPDATE keys SET expires_at = now() - interval '1 second'")
    assert code(client.get("/api/v1/me")) == (401, "not_signed_in")


def test_an_expiry_must_be_a_time_to_come(ana: Person) -> None:
    for value in ("2020-01-01T00:00:00Z", "tomorrow", "2999-01-01", "2999-01-01T00:00:00", "2999-02-30T00:00:00Z", 1):
        answer = ana.post("/keys", {"name": "laptop", "expires_at": value})
        assert code(answer) == (422, "invalid"), value
        assert locs(answer) == [["body", "expires_at"]]


def test_a_key_has_a_name_that_can_be_seen(ana: Person) -> None:
    for name in ("", "  ", "x" * 101, None):
        answer = ana.post("/keys", {"name": name})
        assert code(answer) == (422, "invalid"), name
        assert locs(answer) == [["body", "name"]]


def test_nobody_touches_the_keys_of_others(ana: Person, ben: Person) -> None:
    made = ana.post("/keys", {"name": "laptop"}).json()
    assert ben.get("/keys").json()["items"] == []
    assert code(ben.delete(f"/keys/{made['id']}")) == (404, "not_found")


def test_keys_come_in_pages_newest_first(ana: Person) -> None:
    for name in "abc":
        ana.post("/keys", {"name": name})
    first = ana.get("/keys", params={"limit": 2}).json()
    second = ana.get("/keys", params={"limit": 2, "cursor": first["next"]}).json()
    assert [key["name"] for key in first["items"] + second["items"]] == ["c", "b", "a"]
    assert second["next"] is None
