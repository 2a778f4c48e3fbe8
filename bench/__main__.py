"""`make bench`: every suite on servers and databases of its own, the table, and bench/results.json.

    python -m bench [--quick] [--document] [suite ...]

Each suite runs in a process and a database of its own. Without DATABASE_URL and REDIS_URL the servers are
embedded ones in a temporary folder, as durable as in production. Ratios are what counts: two machines, or
two hours of one, differ in milliseconds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rxscale.embedded import running_servers

from . import grounds
from .document import write_table
from .figures import Figure
from .table import as_text

SUITES = (
    "slots",
    "booking",
    "tick",
    "delivery",
    "admin_list",
    "tokens",
    "processes",
)
ON_REQUEST = ("tests",)
ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    arguments = _arguments()
    began = time.monotonic()
    figures: list[Figure] = []
    broken: list[str] = []
    with TemporaryDirectory(prefix="rxscale-bench-") as folder:
        os.environ["RXSCALE_DATA_DIR"] = folder
        with running_servers(Path(folder)) as servers, grounds.template(servers) as template:
            for name in arguments.suites or SUITES:
                print(f"{name} … ", end="", file=sys.stderr, flush=True)
                suite_began = time.monotonic()
                with grounds.environment(servers, template) as environment:
                    found = _run(name, environment, Path(folder), quick=arguments.quick)
                print(f"{time.monotonic() - suite_began:.0f} s", file=sys.stderr)
                broken += [] if found else [name]
                figures += found
    print(as_text(figures))
    missed = [figure for figure in figures if figure.is_met is False]
    print(f"\n{len(figures)} figures, {len(missed)} bars missed, {time.monotonic() - began:.0f} s")
    _write(figures, is_quick=arguments.quick)
    if arguments.document:
        write_table(figures)
    if broken:
        print(f"no figures from: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, against floors.")
    parser.add_argument(
        "suites", nargs="*", choices=[*SUITES, *ON_REQUEST, []], metavar="suite", default=[]
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--document", action="store_true", help="renew docs/performance.md's table")
    return parser.parse_args()


def _run(name: str, environment: dict[str, str], folder: Path, *, quick: bool) -> list[Figure]:
    answer = folder / f"{name}.json"
    command = [
        sys.executable,
        "-m",
        "bench.suite",
        name,
        str(answer),
        *(["--quick"] if quick else []),
    ]
    finished = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    if finished.returncode or not answer.exists():
        return []
    return [Figure(**each) for each in json.loads(answer.read_text())]


def _write(figures: Sequence[Figure], *, is_quick: bool) -> None:
    rows = [{**asdict(each), "ratio": each.ratio, "is_met": each.is_met} for each in figures]
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    at = datetime.now(UTC).isoformat(timespec="seconds")
    result = {"at": at, "quick": is_quick, "machine": machine, "figures": rows}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
