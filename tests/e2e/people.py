"""People and programs that use the product over plain HTTP, with a session cookie or with an API key."""

from typing import Any
from uuid import uuid4

import httpx

from tests.wait import until

FINAL = {"succeeded", "failed", "cancelled"}


class Person:
    """Somebody with an account; every call is checked for the status that is expected."""

    def __init__(self, address: str, *, headers: dict[str, str]) -> None:
        self._address = address
        self._headers = headers
        self._cookies: dict[str, str] = {}

    def _send(self, method: str, path: str, *, body: Any = None, **headers: str) -> httpx.Response:
        # A connection each: nobody has to remember to close one, and a site that starts again breaks none.
        sent = {**self._headers, **headers}
        if self._cookies:
            sent["Cookie"] = self._cookie()
        answer = httpx.request(method, f"{self._address}{path}", json=body, headers=sent, timeout=30)
        self._cookies |= dict(answer.cookies)
        return answer

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> httpx.Response:
        """The answer of an API call, which must have this status."""
        answer = self._send(method, f"/api/v1{path}", body=body, **headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()

    def post(self, path: str, body: Any = None, *, status: int = 201) -> Any:
        return self.call("POST", path, body, status=status).json()

    def put(self, path: str, body: Any, *, status: int = 200) -> Any:
        return self.call("PUT", path, body, status=status).json()

    def upload(self, picture: bytes) -> Any:
        """A picture of one's own, to start from."""
        headers = {**self._headers, "Content-Type": "image/png", "Cookie": self._cookie()}
        answer = httpx.post(f"{self._address}/api/v1/uploads", content=picture, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def download(self, url: str) -> httpx.Response:
        """A media file, by the address that an output gives."""
        answer = self._send("GET", url)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        return answer

    def is_answered(self, path: str) -> bool:
        """Whether the site answers this address well right now."""
        try:
            return self._send("GET", path).status_code == 200
        except httpx.TransportError:
            return False

    def run(self, pipeline: str, **body: Any) -> Any:
        """Start a run of a pipeline."""
        return self.post("/runs", {"pipeline": pipeline, **body}, status=202)

    def finished(self, run: Any, *, seconds: float = 240) -> Any:
        """The run once it is final, polled with ETag as a frugal client does."""
        tag: list[str] = []

        def final() -> Any:
            headers = {"If-None-Match": tag[0]} if tag else {}
            answer = self._send("GET", f"/api/v1/runs/{run['id']}", **headers)
            if answer.status_code == 304:
                return None
            assert answer.status_code == 200, answer.text
            tag[:] = [answer.headers["ETag"]]
            return answer.json() if answer.json()["state"] in FINAL else None

        return until(final, seconds=seconds, every=0.2)

    def succeeded(self, run: Any, **wait: float) -> Any:
        """The run, which must come to a good end."""
        done = self.finished(run, **wait)
        assert done["state"] == "succeeded", done
        return done


def sign_up(address: str, handle: str) -> Person:
    """A new person in a browser: a session cookie, and the Origin that browsers send."""
    visitor = Person(address, headers={"Origin": address})
    body = {"handle": f"{handle}-{uuid4().hex[:8]}", "email": f"{uuid4().hex}@example.org", "password": "correct horse"}
    visitor.post("/accounts", body)
    return visitor


def sign_up_with_key(address: str, handle: str) -> Person:
    """A new person's program: nothing but an API key."""
    key = sign_up(address, handle).post("/keys", {"name": "my program"})["key"]
    return Person(address, headers={"Authorization": f"Bearer {key}"})
