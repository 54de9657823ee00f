"""Where PyTorch comes from: its CPU index, unless there is a GPU, or pip has been told where to look."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local.setup import pytorch
from tests.services.ministack import free_port

pytestmark = pytest.mark.slow  # pip takes half a second to start
_WHEEL = "torch-2.13.0%2Bcpu-py3-none-any.whl"


class _Index(BaseHTTPRequestHandler):
    """An index that has one package."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/torch/" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.path == "/torch/":
            self.wfile.write(f"<!DOCTYPE html><a href='/{_WHEEL}'>torch</a>".encode())

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _an_ordinary_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Linux on x86-64, no GPU, a pip that nobody has told anything."""
    for name in list(os.environ):  # noqa: TID251 - to be taken away
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    # The machine's own configuration is no part of the test.
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(pytorch, "ordinary_build_is_cuda", lambda: True)
    monkeypatch.setattr(pytorch, "has_nvidia", lambda: False)


def test_without_a_gpu_the_cpu_index_is_asked_beside_the_ordinary_one(index: str) -> None:
    assert pytorch.choice(index=index) == ("--extra-index-url", index)


def test_with_a_gpu_the_ordinary_index_is_enough(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "has_nvidia", lambda: True)
    assert pytorch.choice(index=index) == ()


def test_where_the_ordinary_build_is_for_the_cpu_it_is_enough(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "ordinary_build_is_cuda", lambda: False)
    assert pytorch.choice(index=index) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PIP_INDEX_URL", "http://127.0.0.1:1/simple"),
        ("PIP_EXTRA_INDEX_URL", "http://127.0.0.1:1/simple"),
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", "/nowhere"),
    ],
)
def test_a_pip_told_by_its_environment_decides(
    index: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert pytorch.choice(index=index) == ()


@pytest.mark.parametrize("line", ["index-url = http://127.0.0.1:1/simple", "find-links = /nowhere", "no-index = true"])
@pytest.mark.parametrize("section", ["global", "install"])
def test_a_pip_told_by_its_configuration_decides(
    index: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: str, line: str
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(f"[{section}]\n{line}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    assert pytorch.choice(index=index) == ()


def test_a_pip_told_only_how_long_to_wait_has_not_been_told(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "60")
    assert pytorch.choice(index=index) == ("--extra-index-url", index)


def test_an_index_that_does_not_answer_is_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert pytorch.choice(index=nowhere) == ()
    assert f"{nowhere} does not answer" in capsys.readouterr().out


def test_a_failure_beside_the_cpu_index_is_tried_again_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def call(command: tuple[str, ...]) -> int:
        calls.append(command)
        return 1 if "--extra-index-url" in command else 0

    monkeypatch.setattr(pytorch.subprocess, "call", call)
    assert pytorch.install(("--extra-index-url", "http://127.0.0.1:1")) == 0
    assert [("--extra-index-url" in command) for command in calls] == [True, False]


def test_a_driver_or_its_tool_means_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pytorch.has_nvidia(driver=tmp_path)
    assert not pytorch.has_nvidia(driver=tmp_path / "missing")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert pytorch.has_nvidia(driver=tmp_path / "missing")
