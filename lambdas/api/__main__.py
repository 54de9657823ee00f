"""`python -m lambdas.api` prints the OpenAPI document: web/openapi.json, from which the web client is generated."""

import json
import sys
from pathlib import Path

from lambdas.api.app import bare_app

FILE = Path(__file__).resolve().parents[2] / "web" / "openapi.json"


def text() -> str:
    """The document as it is committed: the same bytes for the same routes."""
    return json.dumps(bare_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
