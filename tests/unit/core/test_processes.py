"""Processes: those that a killed one has made end, too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MAKER = """
import sys
import time
from pathlib import Path

from saccade.core.processes import end_with_parent, process_context


def work(file):
    import os
    end_with_parent()
    Path(file).write_text(str(os.getpid()))
    time.sleep(600)


if __name__ == "__main__":
    process_context("json").Process(target=work, args=(sys.argv[1],)).start()
    time.sleep(600)
"""


def is_there(pid: int) -> bool:
    """Whether a process lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, seconds: float = 60.0) -> bool:
    """Whether something comes true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_workers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    script, file = tmp_path / "maker.py", tmp_path / "pid"
    script.write_text(MAKER)
    with subprocess.Popen([sys.executable, str(script), str(file)]) as maker:
        assert wait_for(lambda: file.is_file() and file.read_text() != "")
        worker = int(file.read_text())
        os.kill(maker.pid, signal.SIGKILL)
    try:
        assert wait_for(lambda: not is_there(worker))
    finally:
        if is_there(worker):
            os.kill(worker, signal.SIGKILL)
