"""The demo's supervisor: what dies is started again, and nothing outlives it, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from .programs import ROOT, eventually

pytestmark = pytest.mark.process

# Under the start method that is the default from Python 3.14 on.
_SUPERVISE = """
import multiprocessing, os, sys
from pathlib import Path
from rxscale.demo.supervisor import run_procfile
multiprocessing.set_start_method("forkserver")
sys.exit(run_procfile(Path(sys.argv[1]), os.environ))
"""
# A parent with a pool, as web and worker are: each leaves its pid in the folder that is its argument.
# The worker's parent has something to finish before it ends.
_PROGRAM = """
import os, signal, sys, time
def end(*_):
    time.sleep(float(os.environ.get("SECONDS_TO_END", "0")))
    open(f"{sys.argv[1]}/../ended", "w").close()
    sys.exit()
if os.fork() and sys.argv[2] == "worker":
    signal.signal(signal.SIGTERM, end)
open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
while True:
    time.sleep(60)
"""


@dataclass
class Stage:
    supervisor: subprocess.Popen[bytes]
    pids: Path

    def running(self) -> set[int]:
        return {pid for pid in self.ever() if _runs(pid)}

    def has_ended_by_itself(self) -> bool:
        return (self.pids.parent / "ended").exists()

    def ever(self) -> set[int]:
        return {int(file.name) for file in self.pids.iterdir()}


@pytest.fixture
def supervise(tmp_path: Path) -> Generator[Callable[..., Stage]]:
    program, pids = tmp_path / "program.py", tmp_path / "pids"
    program.write_text(_PROGRAM)
    pids.mkdir()
    procfile = tmp_path / "Procfile"
    lines = [f"{name}: {sys.executable} {program} {pids} {name}\n" for name in ("web", "worker")]
    procfile.write_text("".join(lines))

    def start(seconds_to_end: str = "0") -> Stage:
        environment = os.environ | {
            "RXSCALE_DATA_DIR": str(tmp_path),
            "SECONDS_TO_END": seconds_to_end,
        }
        command = [sys.executable, "-c", _SUPERVISE, str(procfile)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        started.append(process)
        return Stage(process, pids)

    started: list[subprocess.Popen[bytes]] = []
    yield start
    for process in started:
        process.kill()
        process.wait()
    for pid in Stage(started[0], pids).running():
        os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _started(stage: Stage, count: int = 4) -> set[int]:
    eventually(lambda: len(stage.running()) == count, within=30, what="the start of all programs")
    return stage.running()


@pytest.mark.parametrize(
    ("number", "code", "seconds_to_end"),
    [(signal.SIGTERM, 143, "6.5"), (signal.SIGINT, 130, "0")],  # honcho alone would wait for 5
    ids=["SIGTERM", "SIGINT"],
)
def test_a_signal_ends_all_as_soon_as_they_are_ready(
    supervise: Callable[..., Stage], number: signal.Signals, code: int, seconds_to_end: str
) -> None:
    stage = supervise(seconds_to_end)
    _started(stage)

    stage.supervisor.send_signal(number)

    assert stage.supervisor.wait(timeout=20) == code
    assert stage.running() == set()
    assert stage.has_ended_by_itself()


def test_a_killed_program_is_started_again_and_its_pool_does_not_stay(
    supervise: Callable[..., Stage],
) -> None:
    stage = supervise()
    first = _started(stage)
    parent = next(pid for pid in first if psutil.Process(pid).ppid() not in first)

    os.kill(parent, signal.SIGKILL)

    eventually(lambda: len(stage.ever()) == 6, within=20, what="the second start")
    assert parent not in stage.running()
    assert len(stage.running()) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_a_killed_supervisor_takes_its_programs_along(supervise: Callable[..., Stage]) -> None:
    stage = supervise()
    parents = {pid for pid in _started(stage) if os.getpgid(pid) == pid}

    stage.supervisor.kill()

    eventually(lambda: not parents & stage.running(), within=10, what="the end of the programs")


def test_the_next_start_ends_what_a_killed_supervisor_left(supervise: Callable[..., Stage]) -> None:
    first = supervise()
    pools = {pid for pid in _started(first) if os.getpgid(pid) != pid}
    first.supervisor.kill()
    first.supervisor.wait()
    eventually(lambda: first.running() <= pools, within=10, what="the end of the programs")
    assert first.running() == pools  # they did not hear of it

    second = supervise()

    eventually(
        lambda: len(second.running() - pools) == 4, within=30, what="the start of all programs"
    )
    assert not pools & second.running()


def test_another_folders_programs_are_left_alone(supervise: Callable[..., Stage]) -> None:
    marked = os.environ | {"RXSCALE_SUPERVISOR": "1 0.0", "RXSCALE_DATA_DIR": "/somewhere/else"}
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], env=marked, stdin=subprocess.PIPE
    ) as other:
        _started(supervise())

        assert other.poll() is None
        other.kill()
