"""Celery's worker and beat as they run in production."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
_OPTIONS = {
    "worker": ["--concurrency", "2", "--without-gossip", "--without-mingle"],
    "beat": ["--schedule", os.devnull],
}


@contextmanager
def celery(program: str, *, name: str = "bench") -> Generator[psutil.Process]:
    """`program` is `worker` or `beat`; ended by SIGTERM."""
    options = list(_OPTIONS[program])
    if program == "worker":
        options += ["--hostname", f"{name}@bench"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app", "rxscale", program, *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
