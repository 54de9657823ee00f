"""A real MiniStack server (S3 and SQS) for tests; what stands in it is each test's own business."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.services import children

REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
}
"""What boto3 needs in the environment of tests and of the processes that they start."""

_COMMAND = (sys.executable, "-m", "ministack")
_START_SECONDS = 30


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_ministack(
    data_dir: Path, *, port: int, command: Sequence[str | Path] = _COMMAND, **more: str
) -> subprocess.Popen[bytes]:
    """A MiniStack process that answers on this port of 127.0.0.1; S3 is kept on disk, queues only until it ends.

    `more` goes into its environment, and so into that of the functions that it runs.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data_dir / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "HOME": str(data_dir),
        "TMPDIR": str(data_dir),
        **more,
    }
    with (data_dir / "ministack.log").open("ab") as log:
        process = children.start(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_ready(process, port=port)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, with force after ten seconds."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    children.forget(process.pid)


@contextmanager
def credentials() -> Iterator[None]:
    """What boto3 needs, in the environment of this process for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@contextmanager
def running_ministack(
    data_dir: Path, *, port: int | None = None, command: Sequence[str | Path] = _COMMAND, **more: str
) -> Iterator[str]:
    """The endpoint URL of a MiniStack that lives as long as the block."""
    port = port or free_port()
    process = start_ministack(data_dir, port=port, command=command, **more)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def aws(service: str, endpoint: str) -> Any:
    """A boto3 client (`s3`, `sqs`, …) of this server, whatever the environment says."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def a_queue(endpoint: str, name: str = "queue", *, visibility_seconds: int = 60) -> str:
    """The URL of a new, empty standard queue; a random ending keeps tests apart."""
    attributes = {"VisibilityTimeout": str(visibility_seconds)}
    answer = aws("sqs", endpoint).create_queue(QueueName=f"{name}-{uuid4().hex[:12]}", Attributes=attributes)
    return str(answer["QueueUrl"])


def a_bucket(endpoint: str, name: str = "media") -> str:
    """The name of a new, empty bucket; a random ending keeps tests apart."""
    bucket = f"{name}-{uuid4().hex[:12]}"
    aws("s3", endpoint).create_bucket(Bucket=bucket)
    return bucket


def _wait_until_ready(process: subprocess.Popen[bytes], *, port: int) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"MiniStack ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/ready", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"MiniStack did not answer within {_START_SECONDS} s")
