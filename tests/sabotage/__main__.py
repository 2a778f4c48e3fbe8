"""The run: `python -m tests.sabotage [part of a guard's name ...]`, every guard when none is named."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

from rxscale.embedded import Servers, running_servers

from .guards import Ground, Guard, NoLongerFits
from .table import GUARDS

ROOT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".rxscale", ".*_cache", ".hypothesis", "__pycache__", "node_modules"
)
_DATABASE = "rxscale_sabotage"


def main(words: Sequence[str]) -> int:
    chosen = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    with TemporaryDirectory(prefix="rxscale-sabotage-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        with running_servers(Path(folder) / "data", durable=False) as servers:
            return _run(chosen, tree, servers)


def _run(guards: Sequence[Guard], tree: Path, servers: Servers) -> int:
    given = urlsplit(servers.database_url)
    # Django's tests run in the database of that name with test_ before it.
    env = os.environ | servers.environment()
    env["DATABASE_URL"] = urlunsplit(given._replace(path=f"/{_DATABASE}"))
    ground = Ground(tree, urlunsplit(given._replace(path=f"/test_{_DATABASE}")))
    code, red = _pytest(guards, tree, env, "--create-db")
    if code != 0:
        print(
            f"With every guard in place the tests are not green (exit code {code}):", *sorted(red)
        )
        return 1
    width = max(len(guard.name) for guard in guards)
    failures = [guard.name for guard in guards if not _is_missed(guard, ground, env, width)]
    print(f"\n{len(guards) - len(failures)} of {len(guards)} guards are missed when they are gone.")
    return 1 if failures else 0


def _is_missed(guard: Guard, ground: Ground, env: dict[str, str], width: int) -> bool:
    began = time.monotonic()
    try:
        with guard.taken_away(ground):
            _, red = _pytest([guard], ground.tree, env)
    except NoLongerFits as error:
        print(f"{guard.name:{width}}  DOES NOT FIT  {error}", flush=True)
        return False
    unmoved = [test for test in guard.tests if not any(each.startswith(test) for each in red)]
    verdict = f"NOT MISSED by {', '.join(unmoved)}" if unmoved else f"{len(red)} red"
    print(f"{guard.name:{width}}  {time.monotonic() - began:4.0f} s  {verdict}", flush=True)
    return not unmoved


def _pytest(
    guards: Sequence[Guard], tree: Path, env: dict[str, str], *options: str
) -> tuple[int, set[str]]:
    """Run the tests of these guards in the copy; the exit code, and the node ids that failed."""
    nodes = sorted({test.partition("[")[0] for guard in guards for test in guard.tests})
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rf", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--reuse-db", "--timeout=60", *options, *nodes],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return done.returncode, {line.removeprefix("FAILED ").partition(" - ")[0] for line in lines}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
