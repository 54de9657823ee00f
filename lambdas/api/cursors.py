"""Cursors: where a page ended, signed so that only the same query goes on from there."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from lambdas.domain.errors import BadCursor

_SIGNATURE_BYTES = 16


def write(position: list[Any], *, query: str, secret: str) -> str:
    """The cursor for a position in the list that `query` describes."""
    payload = json.dumps(position, separators=(",", ":"), default=str).encode()
    return _spelt(_signature(payload, query=query, secret=secret) + payload)


def read(cursor: str, *, query: str, secret: str) -> list[Any]:
    """The position that `write` was given; raises BadCursor for another query's, a tampered or a made-up one."""
    try:
        data = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _refusal() from None
    signature, payload = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
    right = hmac.compare_digest(signature, _signature(payload, query=query, secret=secret))
    # Several spellings in base64 are read as the same bytes; one of them is ours.
    if not right or cursor != _spelt(data):
        raise _refusal()
    return json.loads(payload)


def _spelt(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _signature(payload: bytes, *, query: str, secret: str) -> bytes:
    message = query.encode() + b"\x00" + payload
    return hmac.new(b"cursor:" + secret.encode(), message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _refusal() -> BadCursor:
    return BadCursor("Take `cursor` from the `next` of a page with the same path and the same filters.")
