"""The list of refused words as an operator keeps it in the models bucket, on MiniStack's S3."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from contract.keys import PROMPT_LIST
from contract.kinds import TextParams
from gpu_worker.commands import prepare
from gpu_worker.failures import TaskFailure
from gpu_worker.safety.prompt_list import PromptList
from gpu_worker.safety.prompts import PromptFilter
from gpu_worker.settings import ModelSettings
from gpu_worker.worker import Worker
from tests.gpu_worker.site import Site, a_text_request
from tests.services.ministack import a_bucket, aws, free_port
from tests.wait import until


class Machine:
    """A bucket in which an operator edits the list, and a machine that holds prompts against it."""

    def __init__(self, endpoint: str, home: Path) -> None:
        self.s3 = aws("s3", endpoint)
        self.bucket = a_bucket(endpoint, "models")
        self.copy = home / "prompts.txt"
        self.list = self.new_list(self.s3)
        self.prompts = PromptFilter(self.copy)
        self.statuses: list[int] = []
        """Of S3's answers so far."""
        self.s3.meta.events.register("after-call.s3.GetObject", self._note)

    def new_list(self, s3: Any) -> PromptList:
        """What a new process, or one with another way to S3, keeps the copy with."""
        return PromptList(s3, bucket=self.bucket, key=PROMPT_LIST, copy=self.copy)

    def put(self, content: str | bytes) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.s3.put_object(Bucket=self.bucket, Key=PROMPT_LIST, Body=body)

    def delete(self) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=PROMPT_LIST)

    def code(self, prompt: str) -> str | None:
        """What a prompt fails with; None when it passes."""
        try:
            self.prompts.check(TextParams(prompt=prompt))
        except TaskFailure as failure:
            return failure.code
        return None

    def _note(self, http_response: Any, **_: Any) -> None:
        self.statuses.append(http_response.status_code)


@pytest.fixture
def machine(ministack: str, tmp_path: Path) -> Machine:
    return Machine(ministack, tmp_path / "home")


def impatient(endpoint: str) -> Any:
    """A client that tries once."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2)
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)


@contextmanager
def an_s3_that_answers(status: int, body: bytes, *, announced: int) -> Iterator[str]:
    """The address of a server that gives this answer to everything, of another length than it announces."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in (("Content-Length", str(announced)), ("ETag", '"half"'), ("Connection", "close")):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_what_an_operator_uploads_counts_from_the_next_look_on(machine: Machine) -> None:
    machine.put("gun")
    machine.list.refresh()
    assert (machine.code("a gun"), machine.code("a fox")) == ("prompt_refused", None)
    machine.put("fox # since today\nпистолет")
    assert machine.code("a fox") is None
    machine.list.refresh()
    assert (machine.code("a gun"), machine.code("a fox")) == (None, "prompt_refused")
    assert [path.name for path in machine.copy.parent.iterdir()] == ["prompts.txt"], "nothing half-written stays"


def test_a_list_that_has_not_changed_is_not_fetched_again(machine: Machine) -> None:
    machine.put("gun")
    for _ in range(3):
        machine.list.refresh()
    assert machine.statuses == [200, 304, 304]
    machine.copy.unlink()
    machine.list.refresh()
    assert machine.statuses[3:] == [200], "unless its copy is gone"
    assert machine.code("a gun") == "prompt_refused"


def test_an_empty_list_lets_everything_pass(machine: Machine) -> None:
    machine.put("")
    machine.list.refresh()
    assert machine.code("a gun") is None


def test_without_an_uploaded_list_no_prompt_passes(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.list.refresh()
    assert machine.code("a fox") == "safety_unavailable"
    (said,) = caplog.records
    assert (said.levelno, said.__dict__["object"]) == (logging.WARNING, f"s3://{machine.bucket}/{PROMPT_LIST}")
    machine.put("gun")
    machine.list.refresh()
    assert machine.code("a fox") is None


def test_a_list_that_could_never_be_read_lets_nothing_pass(machine: Machine) -> None:
    machine.new_list(impatient(f"http://127.0.0.1:{free_port()}")).refresh()
    assert machine.code("a fox") == "safety_unavailable"


def _broken(machine: Machine) -> Iterator[Any]:
    """Every way in which S3 does not answer."""
    yield impatient(f"http://127.0.0.1:{free_port()}")
    with an_s3_that_answers(503, b"", announced=0) as endpoint:
        yield impatient(endpoint)
    with an_s3_that_answers(200, b"half of a li", announced=1000) as endpoint:
        yield impatient(endpoint)


def test_while_s3_does_not_answer_the_last_good_list_counts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine.put("gun")
    machine.list.refresh()
    for s3 in _broken(machine):
        caplog.clear()
        monkeypatch.setattr(machine.list, "_s3", s3)
        machine.list.refresh()
        assert [record.message for record in caplog.records] == ["list of refused words not looked at"]
        assert (machine.code("a gun"), machine.code("a fox")) == ("prompt_refused", None)
    monkeypatch.setattr(machine.list, "_s3", machine.s3)
    machine.put("fox")
    machine.list.refresh()
    assert machine.code("a fox") == "prompt_refused"


def test_a_worker_that_starts_while_s3_does_not_answer_has_the_list_of_the_one_before(machine: Machine) -> None:
    machine.put("gun")
    machine.list.refresh()
    machine.new_list(impatient(f"http://127.0.0.1:{free_port()}")).refresh()
    assert (machine.code("a gun"), machine.code("a fox")) == ("prompt_refused", None)


def test_a_list_that_is_taken_away_lets_nothing_pass_on_machines_old_and_new(machine: Machine) -> None:
    machine.put("gun")
    machine.list.refresh()
    machine.delete()
    machine.list.refresh()
    assert machine.code("a fox") == "safety_unavailable"
    machine.put("gun")
    machine.list.refresh()
    assert (machine.code("a gun"), machine.code("a fox")) == ("prompt_refused", None)


def test_rubbish_in_place_of_the_list_lets_nothing_pass(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.put("gun")
    machine.list.refresh()
    machine.put("gun".encode("utf-16"))
    machine.list.refresh()
    assert machine.code("a fox") == "safety_unavailable"
    assert "is not UTF-8" in caplog.text
    machine.put("\ufeffgun")
    machine.list.refresh()
    assert (machine.code("a gun"), machine.code("a fox")) == ("prompt_refused", None), "with a mark of its encoding"


def test_a_machine_has_the_list_before_its_first_worker(
    machine: Machine,
    ministack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("contract.catalogue.load", lambda _profile: type("None", (), {"models": ()}))
    settings = ModelSettings(
        home=tmp_path / "home",
        models_bucket=machine.bucket,
        prompt_list=PROMPT_LIST,
        aws_endpoint_url=ministack,
        aws_region="us-east-1",
    )
    prepare.prepare(settings)
    assert "no prompt passes until it can" in capsys.readouterr().out
    machine.put("gun")
    prepare.prepare(settings)
    assert f"{PROMPT_LIST}: ready" in capsys.readouterr().out
    assert machine.code("a gun") == "prompt_refused"


@pytest.mark.slow
def test_a_running_worker_takes_a_changed_list_over(
    site: Site, start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(site.settings().models_dir.absolute())
    machine = Machine(site.endpoint, home)
    machine.put("gun")
    start_worker(home=home, models_bucket=machine.bucket, prompt_list=PROMPT_LIST, prompt_list_seconds=0.1)
    assert site.final(site.send("text", a_text_request("Describe a gun."))).code == "prompt_refused"
    assert site.final(site.send("text", a_text_request("Describe a fox."))).event == "succeeded"
    machine.put("fox")
    until(lambda: machine.copy.read_text() == "fox")
    assert site.final(site.send("text", a_text_request("Describe a fox."))).code == "prompt_refused"
    machine.delete()
    until(lambda: not machine.copy.exists())
    refused = site.final(site.send("text", a_text_request("Describe a cat.")))
    assert (refused.code, refused.retryable) == ("safety_unavailable", True)
