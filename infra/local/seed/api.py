"""The public API as the seed calls it: with a key, patient with a server that is busy or starting again."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from infra.local.home import Refused

_PATIENCE_SECONDS = 120
_WAIT_SECONDS = 2
_LATER = {429, 502, 503, 504}


class Problem(Exception):
    """An answer that is no success; `status` is HTTP's, `code` the problem document's."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(f"{status} {document.get('code', '')}: {document.get('detail') or document.get('title', '')}")
        self.status = status
        self.code = str(document.get("code", ""))


@dataclass(frozen=True)
class Api:
    """One deployment; calls raise Problem, or Refused when it cannot be reached for two minutes."""

    address: str
    key: str | None = None
    cookie: str | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer, None when it has none."""
        return self._send(method, path, body, headers)[0]

    def sign_in(self, path: str, body: dict[str, str]) -> "Api":
        """The same deployment with the session that `POST /accounts` or `POST /sessions` opens."""
        _, cookies = self._send("POST", path, body, {})
        return Api(self.address, cookie="; ".join(f"{name}={one.value}" for name, one in cookies.items()))

    def every(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Each item of a list, over all of its pages."""
        cursor: dict[str, str] = {}
        while True:
            page = self.call("GET", f"{path}?{urlencode({**query, 'limit': '100', **cursor})}")
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[Any, SimpleCookie]:
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self._send_once(method, path, body, headers)
            except Problem as problem:
                if problem.status not in _LATER or time.monotonic() > give_up:
                    raise
            except OSError as error:
                if time.monotonic() > give_up:
                    raise Refused(f"{self.address} does not answer: {error}") from error
            time.sleep(_WAIT_SECONDS)

    def _send_once(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[Any, SimpleCookie]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", **headers}
        if data is not None:
            sent["Content-Type"] = "application/json"
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        else:
            sent["Origin"] = self.address
            if self.cookie:
                sent["Cookie"] = self.cookie
        request = urllib.request.Request(  # noqa: S310 - the address is given by whoever runs this
            f"{self.address}/api/v1{path}", data=data, method=method, headers=sent
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
                text = answer.read()
                cookies = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or []))
                return (json.loads(text) if text else None), cookies
        except urllib.error.HTTPError as error:
            raise Problem(error.code, _document(error.read())) from error


def _document(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"detail": text[:200].decode("utf-8", "replace")}
