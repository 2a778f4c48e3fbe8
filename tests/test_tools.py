"""The tools that a person starts once in a while begin at all, from a shell that knows no settings."""

import os
import subprocess
import sys

import pytest

from rxscale.settings import BASE_DIR

TOOLS = (
    "tests.chaos.__main__",
    "tests.sabotage.__main__",
    "tests.migration_lint",
    "bench.__main__",
)


@pytest.mark.parametrize("tool", TOOLS)
def test_it_begins(tool: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    began = subprocess.run(
        [sys.executable, "-c", f"import {tool}"],
        cwd=BASE_DIR,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert began.returncode == 0, began.stderr
