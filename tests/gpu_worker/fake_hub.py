"""A model hub on 127.0.0.1 that serves one folder as a repository, the way huggingface_hub asks for it."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest


class Hub:
    """What stands in the repository, and what was asked of it."""

    def __init__(self, folder: Path, *, repository: str, revision: str) -> None:
        self.folder = folder
        self.repository = repository
        self.revision = revision
        self.fetched: Counter[str] = Counter()
        self.lies_about: str | None = None
        """A file whose bytes are not those that the commit names."""

    def content(self, path: str) -> bytes | None:
        file = self.folder / path
        if not file.is_file():
            return None
        content = file.read_bytes()
        return content[:-1] + b"!" if path == self.lies_about else content

    def info(self) -> dict[str, Any]:
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        siblings = [self._sibling(file.relative_to(self.folder).as_posix(), file.read_bytes()) for file in files]
        return {"_id": "1", "id": self.repository, "sha": self.revision, "siblings": siblings}

    def _sibling(self, path: str, content: bytes) -> dict[str, Any]:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        found: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": blob}
        if path.endswith(".safetensors"):
            digest = hashlib.sha256(content).hexdigest()
            found["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
        return found


@contextmanager
def running_hub(hub: Hub) -> Iterator[None]:
    """A server for this repository, which is where huggingface_hub looks meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            resolve = f"/{hub.repository}/resolve/{hub.revision}/"
            content: bytes | None = None
            headers = {"X-Repo-Commit": hub.revision, "Content-Type": "application/octet-stream"}
            if path == f"/api/models/{hub.repository}/revision/{hub.revision}":
                content = json.dumps(hub.info()).encode()
                headers["Content-Type"] = "application/json"
            elif path.startswith(resolve):
                content = hub.content(path.removeprefix(resolve))
                hub.fetched[path.removeprefix(resolve)] += with_body
            self.send_response(200 if content is not None else 404)
            headers["ETag"] = f'"{hashlib.sha256(content or b"").hexdigest()}"'
            for name, value in (headers | {"Content-Length": str(len(content or b""))}).items():
                self.send_header(name, value)
            self.end_headers()
            if with_body and content:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with pytest.MonkeyPatch.context() as patch:
            # What HF_ENDPOINT does, for a library that has read it already.
            template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
            patch.setattr(huggingface_hub.constants, "ENDPOINT", address)
            patch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
