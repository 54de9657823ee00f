"""`python -m lambdas.api` writes web/openapi.json, from which the web client is generated."""

import json
from pathlib import Path

from lambdas.api.app import bare_app

FILE = Path(__file__).resolve().parents[2] / "web" / "openapi.json"


def text() -> str:
    """The document as it is committed: the same bytes for the same routes."""
    return json.dumps(bare_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
    print(f"wrote {FILE}")
