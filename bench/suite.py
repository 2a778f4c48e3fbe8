"""One suite in a process of its own: `python -m bench.suite NAME ANSWER.json [--quick]`."""

import importlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import django


def main(name: str, answer: str, *flags: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
    django.setup()
    suite = importlib.import_module(f"bench.{name}")  # its models can be imported only now
    figures = list(suite.measure(quick="--quick" in flags))
    Path(answer).write_text(json.dumps([asdict(figure) for figure in figures]))


if __name__ == "__main__":
    main(*sys.argv[1:])
