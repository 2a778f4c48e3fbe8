"""Crash points: a program that runs under the harness kills itself with -9 at the n-th pass of a named point.

Loaded into web and worker by `web.py` and `work.py` of this folder; nothing of the system knows of it. A
point is armed by a file named after it and the passes that are left, which every pass renames to one less.
"""

import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from common.postgresql.base import DatabaseWrapper

FOLDER = "RXSCALE_CHAOS_CRASHES"
WEB, WORKER = "web", "worker"
CHANNELS = ("webhook", "email", "sms")
POINTS = {
    WEB: ("before-commit", "after-commit"),
    WORKER: ("before-commit", "after-commit", "before-send", "after-send"),
}


def arm(folder: Path, program: str, point: str, passes: int) -> None:
    """Kill the process of `program` that makes the `passes`-th pass from now on."""
    (folder / f"{program}.{point}.{passes}").touch()


def is_armed(folder: Path) -> bool:
    return any(folder.iterdir())


def install(program: str) -> None:
    """Watch the points of this process and of what it forks."""
    folder = Path(os.environ[FOLDER])
    commit = f"{program}.{{}}-commit"
    backend: Any = DatabaseWrapper
    backend._commit = _watched(backend._commit, folder, commit)
    if program == WORKER:
        for channel in CHANNELS:
            # By name: this module is loaded before Django's apps are.
            _watch_sends(import_module(f"notifications.channels.{channel}"), folder)


def _watch_sends(channel: Any, folder: Path) -> None:
    prepare = channel.prepare

    def prepare_watched(*arguments: Any) -> Callable[..., Any]:
        return _watched(prepare(*arguments), folder, f"{WORKER}.{{}}-send")

    channel.prepare = prepare_watched


def _watched(work: Callable[..., Any], folder: Path, point: str) -> Callable[..., Any]:
    def watched(*arguments: Any) -> Any:
        _passes(folder, point.format("before"))
        result = work(*arguments)
        _passes(folder, point.format("after"))
        return result

    return watched


def _passes(folder: Path, point: str) -> None:
    for file in folder.glob(f"{point}.*"):
        left = int(file.name.rpartition(".")[2]) - 1
        try:
            if left:
                file.rename(folder / f"{point}.{left}")
            else:
                file.unlink()
        except FileNotFoundError:
            continue  # another process was at this pass
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
