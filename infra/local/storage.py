"""S3 and SQS from MiniStack, as a child process that answers nobody but the parts of this home.

MiniStack itself believes any credentials, lets any web page of this machine's browser call it (it answers every
origin) and wipes itself on a POST to one address; so a gate stands before it that wants the home's own access key.
"""

import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from infra.local.home import Home, Refused, read_secrets, write_private
from infra.local.process import Program, nothing, python, quoted

REGION = "us-east-1"
_READY = "/_ministack/ready"

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def program(home: Home, *, port: int) -> Program:
    """MiniStack on this port of 127.0.0.1; objects are on disk at once, queues on a clean stop."""
    return Program(
        name="ministack",
        command=python("-m", "infra.local.storage"),
        environment={
            **credentials(home),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "SERVICES": "s3,sqs",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(home.objects),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(home.queues),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(home.queues),
        },
    )


def credentials(home: Home) -> dict[str, str]:
    """What boto3 needs in the environment to be let in."""
    key = read_secrets(home)["storage_key"]
    return {
        "AWS_ACCESS_KEY_ID": f"ATELIER{key[:24].upper()}",
        "AWS_SECRET_ACCESS_KEY": key[24:],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def choose_port(home: Home) -> int:
    """The port of the last start when it is free, so that addresses of queues stay good; else any free one."""
    memory = home.root / "storage-port"
    remembered = int(memory.read_text()) if memory.exists() else 0
    for wanted in (remembered, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            port = int(probe.getsockname()[1])
        write_private(memory, str(port))
        return port
    raise Refused("This machine has no free TCP port left.")


def wait_until_ready(
    home: Home, *, port: int, stop: threading.Event, seconds: float = 60, meanwhile: Callable[[], None] = nothing
) -> None:
    """Return once MiniStack answers or `stop` is set. Raises Refused when neither happens, or what `meanwhile` does."""
    give_up = time.monotonic() + seconds
    while not stop.is_set() and not _answers(port):
        meanwhile()
        if time.monotonic() > give_up:
            raise Refused(
                f"MiniStack (S3 and SQS) did not answer within {seconds:.0f} s. Its last words:"
                f"\n{quoted(home, 'ministack')}"
            )
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{_READY}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def guarded(app: App, *, access_key: str) -> App:
    """The app for requests signed with this access key, and for nobody else."""
    mark = f"Credential={access_key}/".encode()

    async def gate(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or _is_welcome(scope, mark):
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    return gate


def _is_welcome(scope: Scope, mark: bytes) -> bool:
    path = str(scope["path"])
    if path.startswith("/_"):
        return path == _READY and scope["method"] == "GET"
    return any(name == b"authorization" and mark in value for name, value in scope["headers"])


def main() -> None:
    """Serve until SIGTERM, which also writes the queues down."""
    from ministack import app as ministack

    ministack.app = guarded(ministack.app, access_key=os.environ["AWS_ACCESS_KEY_ID"])  # noqa: TID251 - made above
    ministack.main()


if __name__ == "__main__":
    main()
