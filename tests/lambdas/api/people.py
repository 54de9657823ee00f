"""People who call the API, and the things they make."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

SITE = "http://atelier.test"
PASSWORD = "correct horse battery"

SPEC: dict[str, Any] = {
    "inputs": [{"name": "subject", "label": "Who or what", "type": "text", "default": "a red fox"}],
    "steps": [
        {"name": "scene", "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Describe {{subject}}."}},
        {"name": "picture", "kind": "image", "model": "demo-emoji", "params": {"prompt": "{{scene}}", "count": 2}},
    ],
}


@dataclass(frozen=True)
class Person:
    """An account with a browser: its cookie, and the Origin that a browser sends along."""

    id: str
    handle: str
    client: TestClient

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(f"/api/v1{path}", **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Response:
        return self.client.post(f"/api/v1{path}", json=json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> Response:
        return self.client.put(f"/api/v1{path}", json=json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> Response:
        return self.client.patch(f"/api/v1{path}", json=json, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.client.delete(f"/api/v1{path}", **more)


def browser(app: FastAPI) -> TestClient:
    """A browser on the site, without a session yet."""
    return TestClient(app, base_url=SITE, headers={"Origin": SITE}, raise_server_exceptions=False)


def sign_up(app: FastAPI, handle: str | None) -> Person:
    """A new account, or a guest without a handle."""
    client = browser(app)
    if handle is None:
        answer = client.post("/api/v1/accounts/guest")
    else:
        body = {"handle": handle, "email": f"{handle}@atelier.test", "password": PASSWORD}
        answer = client.post("/api/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return Person(answer.json()["id"], answer.json()["handle"], client)


def a_pipeline(person: Person, **changes: Any) -> dict[str, Any]:
    """A pipeline that this person has made."""
    answer = person.post("/pipelines", {"title": "A fox", "spec": SPEC} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def code(answer: Response) -> tuple[int, str]:
    """Status and code of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


def locs(answer: Response) -> list[list[str | int]]:
    """The fields that a problem document names."""
    return [error["loc"] for error in answer.json()["errors"]]
