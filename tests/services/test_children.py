"""Nothing that a test starts outlives the tests."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.services import children
from tests.wait import until

ROOT = Path(__file__).resolve().parents[2]
_A_RUNNER = """
import signal, subprocess, time
from tests.services import children
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
child = children.start(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_children_and_theirs_end_with_the_runner_however_it_ends(number: signal.Signals) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", _A_RUNNER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert runner.stdout is not None
    grandchild = psutil.Process(int(runner.stdout.readline()))
    runner.send_signal(number)
    runner.wait()
    runner.stdout.close()
    until(lambda: not _is_alive(grandchild))


def test_a_group_that_has_ended_is_not_touched_any_more() -> None:
    child = children.start([sys.executable, "-c", "pass"])
    child.wait()
    children.forget(child.pid)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
