"""Signing up, in and out, and one's own account."""

from collections.abc import Callable

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.lambdas.api.people import PASSWORD, SITE, Person, a_pipeline, browser, code, locs, sign_up


def test_a_new_account_is_signed_in(ana: Person) -> None:
    me = ana.get("/me").json()
    assert (me["handle"], me["email"], me["guest"]) == ("ana", "ana@atelier.test", False)


@pytest.mark.parametrize("handle", ["Ana", "a", "-ana", "ana!", "a" * 32, "guest-ana", "deleted-ana", "аня", "ana\n"])
def test_a_handle_out_of_form_is_refused(anyone: TestClient, handle: str) -> None:
    body = {"handle": handle, "email": "x@atelier.test", "password": PASSWORD}
    answer = anyone.post("/api/v1/accounts", json=body)
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "handle"]]


@pytest.mark.parametrize("password", ["123456789", "x" * 201, "nul\x00nul\x00nul", None, 1234567890])
def test_a_password_out_of_form_is_refused_and_never_echoed(anyone: TestClient, password: object) -> None:
    answer = anyone.post("/api/v1/accounts", json={"handle": "ana", "email": "x@atelier.test", "password": password})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "password"]]
    assert str(password) not in answer.text


@pytest.mark.parametrize("email", ["x", "x@", "@x.y", "x@y", "x y@z.w", "x@y.", "x" * 250 + "@y.zz"])
def test_an_email_address_out_of_form_is_refused(anyone: TestClient, email: str) -> None:
    answer = anyone.post("/api/v1/accounts", json={"handle": "ana", "email": email, "password": PASSWORD})
    assert locs(answer) == [["body", "email"]]


def test_a_handle_can_be_had_once(app: FastAPI, ana: Person) -> None:
    body = {"handle": "ana", "email": "other@atelier.test", "password": PASSWORD}
    assert code(browser(app).post("/api/v1/accounts", json=body)) == (409, "handle_taken")


def test_an_email_address_has_one_account_in_any_case(app: FastAPI, ana: Person) -> None:
    body = {"handle": "other", "email": "ANA@atelier.test", "password": PASSWORD}
    assert code(browser(app).post("/api/v1/accounts", json=body)) == (409, "email_taken")


@pytest.mark.parametrize("login", ["ana", "ana@atelier.test", "Ana@Atelier.Test"])
def test_one_signs_in_by_handle_or_email_address(app: FastAPI, ana: Person, login: str) -> None:
    client = browser(app)
    answer = client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201
    assert client.get("/api/v1/me").json()["id"] == ana.id


def test_a_wrong_password_and_an_unknown_login_look_the_same(app: FastAPI, ana: Person) -> None:
    wrong = browser(app).post("/api/v1/sessions", json={"login": "ana", "password": "not the password"})
    unknown = browser(app).post("/api/v1/sessions", json={"login": "nobody", "password": "not the password"})
    assert code(wrong) == (401, "wrong_login")
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}


def test_a_guest_cannot_be_signed_in_to(app: FastAPI, guest: Person) -> None:
    answer = browser(app).post("/api/v1/sessions", json={"login": guest.handle, "password": PASSWORD})
    assert code(answer) == (401, "wrong_login")


def test_signing_out_ends_the_session_for_good(ana: Person) -> None:
    same_cookies = TestClient(ana.client.app, base_url=SITE, cookies=dict(ana.client.cookies))
    assert same_cookies.get("/api/v1/me").status_code == 200
    assert ana.delete("/sessions/current").status_code == 204
    assert not ana.client.cookies
    assert code(same_cookies.get("/api/v1/me")) == (401, "not_signed_in")


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_is_secure_exactly_when_the_site_is(
    start: Callable[..., FastAPI], scheme: str, secure: bool
) -> None:
    client = TestClient(start(site_scheme=scheme), base_url="http://atelier.test")
    cookie = client.post("/api/v1/accounts/guest").headers["set-cookie"]
    assert ("secure" in cookie.lower()) is secure
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "path=/" in cookie.lower()


def test_an_expired_session_is_no_session(ana: Person, conn: psycopg.Connection) -> None:
    conn.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
    assert code(ana.get("/me")) == (401, "not_signed_in")


def test_tokens_and_passwords_are_stored_as_hashes_only(ana: Person, conn: psycopg.Connection) -> None:
    token = ana.client.cookies["atelier_session"]
    (row,) = conn.execute("SELECT token_hash, password_hash FROM sessions JOIN accounts ON accounts.id = account_id")
    assert token.encode() not in row[0]
    assert row[1].startswith("$argon2id$")


def test_a_guest_has_a_made_up_handle_and_a_small_quota(guest: Person) -> None:
    me = guest.get("/me").json()
    assert me["handle"].startswith("guest-")
    assert (me["guest"], me["email"]) == (True, None)
    assert me["quotas"] == {"guest_tasks_today": {"used": 0, "limit": 20}}


def test_a_network_makes_five_guests_a_day(app: FastAPI) -> None:
    for _ in range(5):
        sign_up(app, None)
    answer = browser(app).post("/api/v1/accounts/guest")
    assert code(answer) == (429, "limit_reached")
    assert 0 < int(answer.headers["retry-after"]) <= 86_400


def test_networks_are_told_apart_by_the_viewer_s_address_once_the_secret_is_right(
    start: Callable[..., FastAPI],
) -> None:
    app = start(origin_secret="the secret of cloudfront", guests_per_network_day=1)

    def guest_from(address: str, secret: str) -> int:
        headers = {"X-Origin-Secret": secret, "X-Viewer-Address": address}
        return TestClient(app, base_url=SITE).post("/api/v1/accounts/guest", headers=headers).status_code

    right = "the secret of cloudfront"
    assert guest_from("203.0.113.7", right) == 201
    assert guest_from("203.0.113.99", right) == 429
    assert guest_from("203.0.114.1", right) == 201
    assert guest_from("2001:db8:1:2200::1", right) == 201
    assert guest_from("2001:db8:1:22ff::9", right) == 429
    assert guest_from("2001:db8:1:2300::1", right) == 201
    assert guest_from("198.51.100.1", "a guess") == 201, "the first from the socket's own address"
    assert guest_from("198.51.101.1", "a guess") == 429, "without the secret the header counts for nothing"


def test_a_guest_becomes_full_and_keeps_its_work(guest: Person) -> None:
    pipeline = a_pipeline(guest)
    body = {"handle": "cleo", "email": "cleo@atelier.test", "password": PASSWORD}
    me = guest.patch("/me", body).json()
    assert (me["id"], me["handle"], me["guest"], me["quotas"]) == (guest.id, "cleo", False, {})
    assert guest.get(f"/pipelines/{pipeline['id']}").json()["author"] == {"handle": "cleo"}
    assert guest.patch(f"/pipelines/{pipeline['id']}", {"visibility": "public"}).status_code == 200


def test_half_a_login_does_not_make_a_guest_full(guest: Person) -> None:
    answer = guest.patch("/me", {"handle": "cleo", "password": PASSWORD})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "email"]]
    assert guest.get("/me").json()["guest"] is True


def test_a_guest_cannot_take_somebody_s_handle(guest: Person, ana: Person) -> None:
    body = {"handle": "ana", "email": "new@atelier.test", "password": PASSWORD}
    assert code(guest.patch("/me", body)) == (409, "handle_taken")
    body = {"handle": "new", "email": "ana@atelier.test", "password": PASSWORD}
    assert code(guest.patch("/me", body)) == (409, "email_taken")


def test_one_says_something_about_oneself(ana: Person, anyone: TestClient) -> None:
    assert ana.patch("/me", {"about": "Я рисую лис."}).json()["about"] == "Я рисую лис."
    assert anyone.get("/api/v1/accounts/ana").json()["about"] == "Я рисую лис."


def test_null_is_not_absent(ana: Person) -> None:
    answer = ana.patch("/me", {"about": None})
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "about"]]


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(app: FastAPI, ana: Person) -> None:
    other = browser(app)
    other.post("/api/v1/sessions", json={"login": "ana", "password": PASSWORD})
    assert code(ana.patch("/me", {"password": "a new password"})) == (403, "wrong_password")
    wrong = {"password": "a new password", "current_password": "not the old one"}
    assert code(ana.patch("/me", wrong)) == (403, "wrong_password")
    right = {"password": "a new password", "current_password": PASSWORD}
    assert ana.patch("/me", right).status_code == 200
    assert ana.get("/me").status_code == 200
    assert other.get("/api/v1/me").status_code == 401
    login = {"login": "ana", "password": "a new password"}
    assert browser(app).post("/api/v1/sessions", json=login).status_code == 201


def test_a_profile_counts_what_is_public(ana: Person, anyone: TestClient) -> None:
    a_pipeline(ana)
    a_pipeline(ana, visibility="private")
    a_pipeline(ana, visibility="unlisted")
    profile = anyone.get("/api/v1/accounts/ana").json()
    assert profile["counts"] == {"pipelines": 1, "results": 0}
    assert set(profile) == {"handle", "about", "joined_at", "counts"}
    assert code(anyone.get("/api/v1/accounts/nobody")) == (404, "not_found")
