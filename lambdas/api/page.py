"""The deployed index.html, and how a result's page introduces itself to whoever only reads its head."""

import re
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

_FRESH_SECONDS = 60
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_DESCRIPTION_CHARACTERS = 200


class Page:
    """The page's index.html, read again at most once a minute: a new one names new files."""

    def __init__(self, location: str, *, s3: Callable[[], Any]) -> None:
        """`location` is `s3://bucket/key` or a file's path; `s3` gives the client when it is needed."""
        self._location = location
        self._s3 = s3
        self._html = ""
        self._read_at = -float(_FRESH_SECONDS)

    def html(self) -> str:
        """The whole document; raises what S3 or the file system raises."""
        if time.monotonic() - self._read_at >= _FRESH_SECONDS:
            self._html = self._read()
            self._read_at = time.monotonic()
        return self._html

    def _read(self) -> str:
        scheme, _, rest = self._location.partition("://")
        if scheme != "s3":
            return Path(self._location).read_text("utf-8")
        bucket, _, key = rest.partition("/")
        return self._s3().get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def introduced(html: str, result: dict[str, Any], *, origin: str) -> str:
    """The document with a result's title, words and picture in its head, for previews of a link (https://ogp.me)."""
    description = " ".join(result["excerpt"].split())[:_DESCRIPTION_CHARACTERS]
    author = result["author"]["handle"] if result["author"] else None
    tags = {
        "og:type": "article",
        "og:site_name": "Atelier",
        "og:title": result["title"],
        "og:description": f"{description} · {author}" if author else description,
        "og:url": f"{origin}/results/{result['id']}",
        **_picture(result["cover"], origin=origin),
    }
    lines = [f'<meta property="{name}" content="{escape(str(value))}" />' for name, value in tags.items()]
    head = "\n    ".join([f"<title>{escape(result['title'])} · Atelier</title>", *lines])
    # A function, since a title may hold what re.sub takes for a group.
    return _TITLE.sub(lambda _: head, html, count=1)


def _picture(cover: dict[str, Any] | None, *, origin: str) -> dict[str, Any]:
    if not cover or cover["type"] != "image":
        return {"twitter:card": "summary"}
    return {
        "og:image": f"{origin}{cover['url']}",
        "og:image:width": cover["width"],
        "og:image:height": cover["height"],
        "twitter:card": "summary_large_image",
    }
