"""Uploads: real pictures within limits are stored; the rest is refused before anything is."""

import asyncio
import io
import signal
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from httpx import Response
from PIL import Image
from starlette.testclient import TestClient

from contract.keys import upload_key
from contract.limits import MAX_UPLOAD_BYTES, MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE
from lambdas.aws import media
from lambdas.store import uploads
from tests.lambdas.api.people import SITE, Person, code, sign_up
from tests.services.ministack import a_bucket, aws, free_port, start_ministack, stop
from tests.wait import until


def picture(format_: str = "PNG", *, width: int = 40, height: int = 30) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, format_)
    return data.getvalue()


def a_bomb(*, width: int, height: int) -> bytes:
    """A PNG of some bytes that says it is huge."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def upload(person: Person, data: bytes, content_type: str = "image/png") -> Response:
    return person.client.post("/api/v1/uploads", content=data, headers={"Content-Type": content_type})


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_stored_as_it_came(bucket_app: FastAPI, ministack: str, format_: str) -> None:
    data = picture(format_)
    ana = sign_up(bucket_app, "ana")
    answer = upload(ana, data, f"image/{format_.lower()}")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["width"], made["height"]) == (40, 30)
    bucket = bucket_app.state.services.settings.media_bucket
    stored = aws("s3", ministack).get_object(Bucket=bucket, Key=upload_key(made["id"]))
    assert (stored["Body"].read(), stored["ContentType"]) == (data, f"image/{format_.lower()}")


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a" + bytes(100), picture()[:20]])
def test_what_is_no_picture_is_refused(ana: Person, conn: psycopg.Connection, data: bytes) -> None:
    assert code(upload(ana, data)) == (422, "not_a_picture")
    assert conn.execute("SELECT count(*) FROM uploads").fetchone() == (0,)


@pytest.mark.parametrize(
    ("width", "height"),
    [(MAX_UPLOAD_SIDE + 1, 1), (1, MAX_UPLOAD_SIDE + 1), (4097, MAX_UPLOAD_PIXELS // 4096), (2**31 - 1, 2**31 - 1)],
)
def test_a_bomb_is_refused_by_its_header(ana: Person, width: int, height: int) -> None:
    assert code(upload(ana, a_bomb(width=width, height=height))) == (413, "too_large")


def test_more_than_four_megabytes_are_refused(bucket_app: FastAPI) -> None:
    ana = sign_up(bucket_app, "ana")
    assert code(upload(ana, picture() + bytes(MAX_UPLOAD_BYTES))) == (413, "too_large")
    assert upload(ana, picture().ljust(MAX_UPLOAD_BYTES, b"\0")).status_code == 201


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "image/gif", "multipart/form-data"])
def test_another_content_type_is_refused(ana: Person, content_type: str) -> None:
    assert code(upload(ana, picture(), content_type)) == (415, "unsupported_media_type")


def test_an_upload_needs_an_account(anyone: TestClient) -> None:
    answer = anyone.post("/api/v1/uploads", content=picture(), headers={"Content-Type": "image/png"})
    assert code(answer) == (401, "not_signed_in")


def test_a_picture_of_nobody_is_refused_before_it_is_read(anyone: TestClient) -> None:
    app: Any = anyone.app
    answers: list[Any] = []

    async def receive() -> Any:
        pytest.fail("the body was read")

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(b"content-type", b"image/png"), (b"content-length", b"9")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/uploads", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert answers[0]["status"] == 401


def test_an_upload_is_one_s_own_until_it_expires(bucket_app: FastAPI, conn: psycopg.Connection) -> None:
    ana, ben = sign_up(bucket_app, "ana"), sign_up(bucket_app, "ben")
    made = upload(ana, picture()).json()["id"]
    assert uploads.find(conn, made, account_id=ana.id) is not None
    assert uploads.find(conn, made, account_id=ben.id) is None
    assert uploads.expire(conn, limit=10) == 0
    conn.execute("UPDATE uploads SET expires_at = now()")
    assert uploads.find(conn, made, account_id=ana.id) is None
    assert uploads.expire(conn, limit=10) == 1
    assert conn.execute("SELECT prefix FROM doomed_media").fetchall() == [(upload_key(made),)]


def test_what_the_storage_did_not_take_is_no_upload_and_is_forgotten(ana: Person, conn: psycopg.Connection) -> None:
    assert code(upload(ana, picture())) == (503, "unavailable")
    (pending,) = conn.execute("SELECT id FROM uploads").fetchone() or (None,)
    assert uploads.find(conn, pending, account_id=UUID(ana.id)) is None
    assert uploads.expire(conn, limit=10) == 0, "its bytes may still be on their way"
    conn.execute("UPDATE uploads SET created_at = now() - interval '1 hour'")
    assert uploads.expire(conn, limit=10) == 1
    assert conn.execute("SELECT prefix FROM doomed_media").fetchall() == [(upload_key(pending),)]


def test_an_upload_that_sweep_gave_up_on_is_refused(
    bucket_app: FastAPI, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = sign_up(bucket_app, "ana")

    def slow(*_args: object, **_more: object) -> None:
        conn.execute("DELETE FROM uploads")

    monkeypatch.setattr(media, "put", slow)
    assert code(upload(ana, picture())) == (409, "conflict")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A MiniStack of one's own, to be halted: its address and its process."""
    port = free_port()
    process = start_ministack(tmp_path, port=port)
    yield f"http://127.0.0.1:{port}", process
    process.send_signal(signal.SIGCONT)
    stop(process)


def test_a_storage_that_hangs_keeps_only_those_waiting_who_ask_it(
    start: Callable[..., FastAPI], storage: tuple[str, subprocess.Popen[bytes]], conn: psycopg.Connection
) -> None:
    endpoint, process = storage
    app = start(media_bucket=a_bucket(endpoint), aws_endpoint_url=endpoint)
    cookies = dict(sign_up(app, "ana").client.cookies)
    headers = {"Origin": SITE, "Content-Type": "image/png"}
    with TestClient(app, base_url=SITE, headers=headers, cookies=cookies) as client, ThreadPoolExecutor(9) as people:
        process.send_signal(signal.SIGSTOP)
        uploading = [people.submit(client.post, "/api/v1/uploads", content=picture()) for _ in range(9)]
        until(lambda: conn.execute("SELECT count(*) FROM uploads WHERE pending").fetchone() == (9,))
        statuses = [client.get(f"/api/v1/{path}").status_code for path in ("results", "health", "me", "stats")]
        done = sum(each.done() for each in uploading)
        process.send_signal(signal.SIGCONT)
        answers = [each.result().status_code for each in uploading]
    assert (statuses, done, answers) == ([200] * 4, 0, [201] * 9)
