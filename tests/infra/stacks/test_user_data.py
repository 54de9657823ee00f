"""The scripts that make a worker of a machine: run as they are, in a folder, with AWS's own commands stood in for."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contract import catalogue
from contract.keys import PROMPT_LIST
from infra.stacks.package import USER_DATA, contents, worker_package
from tests.gpu_worker.site import Site, a_request
from tests.services.ministack import CREDENTIALS, a_bucket
from tests.wait import until

WORKER = USER_DATA / "worker.sh"
MACHINE = USER_DATA / "machine"
TOLD = {
    "ATELIER_PACKAGE": "s3://assets/package.zip",
    "ATELIER_STEPS_IMAGE_QUEUE_URL": "http://127.0.0.1:1/q",
    "ATELIER_EVENTS_QUEUE_URL": "http://127.0.0.1:1/events",
    "ATELIER_MEDIA_BUCKET": "media",
    "ATELIER_QUEUE": "image",
    "ATELIER_GROUP": "atelier-small-image",
    "ATELIER_METRICS_NAMESPACE": "Atelier/small",
}


class Machine:
    """A PATH whose commands note how they were called, before those of this machine; some of them fail."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls = root / "calls"
        self._bin = root / "bin"
        self._bin.mkdir(parents=True)
        self.environment = {
            **TOLD,
            "PATH": f"{self._bin}:{os.defpath}",
            "ATELIER_LOGS": str(root / "logs"),
            "ATELIER_LAST_WORDS_SECONDS": "0",
        }

    def stand_in(self, name: str, body: str = "") -> None:
        script = self._bin / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\n{body}\n')
        script.chmod(0o755)

    def called(self, name: str) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.split()[0] == name]

    def run(self, script: Path, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | changes
        return subprocess.run(
            ["bash", script], env=environment, capture_output=True, text=True, timeout=180, check=False
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing is real but the shell."""
    machine = Machine(tmp_path / "machine")
    for name in ("aws", "systemctl", "sleep"):
        machine.stand_in(name)
    return machine


@pytest.fixture
def metadata() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of an instance's metadata, which wants a token, and what stands there."""
    values = {"instance-id": "i-0123"}

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._send(200, "token" if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else "")

        def do_GET(self) -> None:
            value = values.get(self.path.removeprefix("/latest/meta-data/"))
            allowed = self.headers["X-aws-ec2-metadata-token"] == "token"
            self._send(401 if not allowed else 404 if value is None else 200, value or "")

        def _send(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", values
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


INSTALL = """
args=; skip=
for word; do
    case $skip$word in -o | -g) skip=owner; continue ;; owner*) skip=; continue ;; esac
    args="$args $word"
done
exec /usr/bin/install $args
"""
"""install, for whoever cannot give files to another user."""


@pytest.fixture
def group_machine(machine: Machine) -> Machine:
    """A machine of a group on which everything works but the GPU."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    etc = machine.root / "etc"
    for folder in ("systemd/system", "logrotate.d"):
        (etc / folder).mkdir(parents=True)
    for name in ("dnf", "useradd", "log-agent"):
        machine.stand_in(name)
    machine.stand_in("curl", "echo i-0123")
    machine.stand_in("id", "exit 1")
    machine.stand_in("install", INSTALL)
    machine.environment |= {
        "PYTHONPATH": packages,
        "PIP_NO_INDEX": "1",
        "ATELIER_PACKAGE": str(worker_package(folder=machine.root / "packages")),
        "ATELIER_PREFIX": str(machine.root / "opt"),
        "ATELIER_HOME": str(machine.root / "home"),
        "ATELIER_PYTHON": sys.executable,
        "ATELIER_ETC": str(etc),
        "ATELIER_LOG_AGENT": "log-agent",
        "ATELIER_LOG_GROUP": "/atelier/small/workers/image",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    return machine


def last_words(machine: Machine) -> str:
    """What the boot script said when it gave up."""
    lines = (machine.root / "logs" / "boot.log").read_text().splitlines()
    (failed,) = [json.loads(line) for line in lines if "boot failed in line" in line]
    assert failed["level"] == "error"
    return str(failed["message"])


@pytest.mark.slow
def test_a_machine_of_a_group_counts_once_its_worker_is_at_work(group_machine: Machine) -> None:
    labels = '["porn", "not safe/for work"]'
    done = group_machine.run(WORKER, ATELIER_PROFILE="demo", ATELIER_SAFETY_LABELS=labels)
    log = (group_machine.root / "logs" / "boot.log").read_text()
    assert done.returncode == 0, log
    etc = group_machine.root / "etc"
    environment = dict(line.split("=", 1) for line in (etc / "atelier" / "worker.env").read_text().splitlines())
    assert environment["ATELIER_STEPS_IMAGE_QUEUE_URL"] == f"'{TOLD['ATELIER_STEPS_IMAGE_QUEUE_URL']}'"
    assert environment["ATELIER_STEPS_TEXT_QUEUE_URL"] == "''"
    assert environment["AWS_DEFAULT_REGION"] == "'eu-central-1'"
    assert environment["ATELIER_SAFETY_LABELS"] == f"'{labels}'"
    assert {path.name for path in (etc / "systemd" / "system").iterdir()} == {p.name for p in MACHINE.glob("*.service")}
    streams = json.loads((etc / "atelier" / "cloudwatch-agent.json").read_text())["logs"]["logs_collected"]["files"]
    assert {each["log_group_name"] for each in streams["collect_list"]} == {"/atelier/small/workers/image"}
    assert "systemctl enable --now atelier-worker.service" in group_machine.called("systemctl")
    (answer,) = group_machine.called("aws")
    assert answer.endswith("--lifecycle-hook-name launch --instance-id i-0123 --lifecycle-action-result CONTINUE")


@pytest.mark.slow
def test_a_machine_without_its_gpu_is_given_back(group_machine: Machine) -> None:
    import torch  # takes seconds, and most of this file's tests are fast

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert group_machine.run(WORKER, ATELIER_PROFILE="gpu").returncode == 1
    assert "BootFailures" in group_machine.called("aws")[0]
    assert "ABANDON" in group_machine.called("aws")[1]
    assert group_machine.called("systemctl") == []
    assert "torch.cuda" in last_words(group_machine), "with its quotes, in one line of JSON"


@pytest.mark.slow
def test_in_a_clean_folder_the_script_becomes_a_worker_that_does_a_task(ministack: str, tmp_path: Path) -> None:
    """Every step is real but the download: pip finds the pinned packages in this environment."""
    site = Site(ministack)
    model = catalogue.load("demo").find("demo-emoji")
    assert model
    models = a_bucket(ministack, "models")
    site.s3.put_object(Bucket=models, Key=PROMPT_LIST, Body=b"gun")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        **CREDENTIALS,
        "PATH": os.defpath,
        "PYTHONPATH": packages,
        "PIP_NO_INDEX": "1",
        "ATELIER_MACHINE": "here",
        "ATELIER_PACKAGE": str(worker_package(folder=tmp_path / "packages")),
        "ATELIER_PREFIX": str(tmp_path / "opt"),
        "ATELIER_HOME": str(tmp_path / "home"),
        "ATELIER_PYTHON": sys.executable,
        "ATELIER_PROFILE": "demo",
        "ATELIER_STEPS_IMAGE_QUEUE_URL": site.queues["image"],
        "ATELIER_EVENTS_QUEUE_URL": site.events_url,
        "ATELIER_MEDIA_BUCKET": site.bucket,
        "ATELIER_MODELS_BUCKET": models,
        "ATELIER_PROMPT_LIST": PROMPT_LIST,
        "ATELIER_AWS_ENDPOINT_URL": site.endpoint,
        "ATELIER_AWS_REGION": "us-east-1",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(["bash", WORKER], env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        params = {"prompt": "a red apple", "width": 64, "height": 64, "denoise_steps": 4, "guidance": 3.0, "count": 1}
        task = site.send("image", a_request(model, "image", params, [1]))
        assert site.final(task).event == "succeeded", (tmp_path / "log").read_text()
        refused = site.send("image", a_request(model, "image", params | {"prompt": "a red gun"}, [1]))
        assert site.final(refused).code == "prompt_refused"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert f"{model.title}: ready" in (tmp_path / "log").read_text()
    assert f"{PROMPT_LIST}: ready" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", ["ATELIER_PACKAGE", "ATELIER_STEPS_IMAGE_QUEUE_URL", "ATELIER_EVENTS_QUEUE_URL"])
def test_a_machine_that_is_not_told_what_it_needs_says_what(machine: Machine, name: str) -> None:
    del machine.environment[name]
    done = machine.run(WORKER)
    assert done.returncode != 0
    assert name in done.stderr
    assert machine.called("aws") == []


def test_a_machine_that_cannot_boot_says_so_and_is_given_back(machine: Machine) -> None:
    machine.stand_in("dnf", "exit 1")
    machine.stand_in("curl", "echo i-0123")
    assert machine.run(WORKER).returncode == 1
    metric, answer = machine.called("aws")
    assert "put-metric-data --namespace Atelier/small --metric-name BootFailures" in metric
    assert "Queue=image" in metric
    assert "complete-lifecycle-action --auto-scaling-group-name atelier-small-image" in answer
    assert answer.endswith("--lifecycle-hook-name launch --instance-id i-0123 --lifecycle-action-result ABANDON")
    assert "dnf install" in last_words(machine)


@pytest.fixture
def watch(machine: Machine, metadata: tuple[str, dict[str, str]]) -> Iterator[subprocess.Popen[bytes]]:
    """The unit that watches a machine in service whose worker has nothing to do."""
    address, values = metadata
    values["autoscaling/target-lifecycle-state"] = "InService"
    machine.stand_in("sleep", '[ "$1" = infinity ] || exec /bin/sleep 0.05')
    machine.environment |= {"ATELIER_METADATA": address, "ATELIER_BUSY_FILE": str(machine.root / "busy")}
    with (machine.root / "log").open("wb") as out:
        process = subprocess.Popen(
            ["bash", MACHINE / "watch.sh"], env=machine.environment, stdout=out, stderr=out, start_new_session=True
        )
    yield process
    process.kill()
    process.wait()


def _has_looked_twice(machine: Machine) -> None:
    seen = len(machine.called("sleep"))
    until(lambda: len(machine.called("sleep")) >= seen + 2)


def _answers(machine: Machine, command: str) -> list[str]:
    return [call for call in machine.called("aws") if command in call]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("spot/instance-action", '{"action": "terminate"}', "spot reclaim"),
        ("autoscaling/target-lifecycle-state", "Terminated", "scale in"),
    ],
)
def test_a_worker_is_stopped_before_its_machine_goes(
    machine: Machine, metadata: tuple[str, dict[str, str]], watch: subprocess.Popen[bytes],
    path: str, value: str, reason: str,
) -> None:  # fmt: skip
    _has_looked_twice(machine)
    assert machine.called("systemctl") == []
    metadata[1][path] = value
    watch.wait(timeout=20)
    assert machine.called("systemctl") == ["systemctl stop atelier-worker.service"]
    (answer,) = _answers(machine, "complete-lifecycle-action")
    assert "--lifecycle-hook-name terminate --instance-id i-0123 --lifecycle-action-result CONTINUE" in answer
    assert reason in (machine.root / "log").read_text()
    order = machine.calls.read_text()
    assert order.index("systemctl stop") < order.index("complete-lifecycle-action")


def test_a_worker_leaves_a_machine_that_is_recommended_to_be_left_and_the_hook_waits_for_its_group(
    machine: Machine, metadata: tuple[str, dict[str, str]], watch: subprocess.Popen[bytes]
) -> None:
    metadata[1]["events/recommendations/rebalance"] = '{"noticeTime": "2026-01-01T00:00:00Z"}'
    until(lambda: machine.called("systemctl"))
    _has_looked_twice(machine)
    assert _answers(machine, "complete-lifecycle-action") == []
    assert "rebalance recommendation" in (machine.root / "log").read_text()
    metadata[1]["autoscaling/target-lifecycle-state"] = "Terminated"
    watch.wait(timeout=20)
    assert machine.called("systemctl") == ["systemctl stop atelier-worker.service"]
    assert len(_answers(machine, "complete-lifecycle-action")) == 1


def test_a_machine_is_protected_from_scaling_in_only_while_it_is_busy(
    machine: Machine, watch: subprocess.Popen[bytes]
) -> None:
    busy, command = machine.root / "busy", "set-instance-protection"
    _has_looked_twice(machine)
    busy.touch()
    until(lambda: len(_answers(machine, command)) == 2)
    _has_looked_twice(machine)
    busy.unlink()
    until(lambda: len(_answers(machine, command)) == 3)
    _has_looked_twice(machine)
    wishes = [call.split()[-1] for call in _answers(machine, command)]
    free, spared = "--no-protected-from-scale-in", "--protected-from-scale-in"
    assert wishes == [free, spared, free], "told once for each change"
    assert "--auto-scaling-group-name atelier-small-image --instance-ids i-0123" in _answers(machine, command)[0]


def test_a_group_that_does_not_hear_is_told_again(machine: Machine, watch: subprocess.Popen[bytes]) -> None:
    machine.stand_in("aws", "exit 254")
    (machine.root / "busy").touch()
    until(lambda: len(_answers(machine, " --protected-from-scale-in")) >= 2)
    machine.stand_in("aws")
    _has_looked_twice(machine)
    heard = len(_answers(machine, " --protected-from-scale-in"))
    _has_looked_twice(machine)
    assert len(_answers(machine, " --protected-from-scale-in")) == heard


def test_a_machine_whose_worker_keeps_dying_is_given_back(
    machine: Machine, metadata: tuple[str, dict[str, str]]
) -> None:
    assert machine.run(MACHINE / "unfit.sh", ATELIER_METADATA=metadata[0]).returncode == 0
    metric, health = machine.called("aws")
    assert "BootFailures" in metric
    assert "set-instance-health --instance-id i-0123 --health-status Unhealthy" in health


def test_the_package_holds_what_the_worker_needs_and_no_rubbish() -> None:
    files = contents()
    assert {"constraints.txt", "gpu_worker/requirements.txt", "contract/models.toml"} <= set(files)
    assert {"machine/atelier-worker.service", "machine/watch.sh", "gpu_worker/models/__main__.py"} <= set(files)
    assert any(name.startswith("gpu_worker/demo_model/weights/") for name in files)
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    first = worker_package(folder=tmp_path)
    assert worker_package(folder=tmp_path) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name]
    found = {path.relative_to(first).as_posix() for path in first.rglob("*") if path.is_file()}
    assert found == set(contents())


def test_every_unit_runs_a_program_that_is_installed() -> None:
    for unit in MACHINE.glob("*.service"):
        for line in unit.read_text().splitlines():
            if line.startswith("ExecStart=/opt/atelier/") and line.endswith(".sh"):
                assert (MACHINE / line.removeprefix("ExecStart=/opt/atelier/")).exists(), line
    assert "OnFailure=atelier-unfit.service" in (MACHINE / "atelier-worker.service").read_text()
