"""What a second process brings: `python -m bench.scale` measures one and two of web and worker, in turn, and
puts the table into docs/scaling.md.

The floor of each second figure is the first of the same run: the ratio says how much of a process is gained.
On two cores, clients, PostgreSQL and the second process share what there is; the ratio is a lower bound.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

from rxscale.embedded import running_servers

from . import grounds
from .document import write_table
from .figures import Figure

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "scaling.md"
CLIENTS = 4


def measure(*, quick: bool) -> Iterator[Figure]:
    yield from _web(requests=400 if quick else 4_000)
    yield from _workers(events=500 if quick else 4_000)


def _web(requests: int) -> Iterator[Figure]:
    from tests.api.world import make_clinic  # noqa: PLC0415  # models, once Django is set up

    from . import web  # noqa: PLC0415

    path = f"/v1/scheduling/doctors?shop_uid={make_clinic().shop.uid}"
    rates: list[float] = []
    for processes in (1, 2):
        with web.running(processes=processes) as server:
            _ask(server.port, path, 200)
            rates.append(_ask(server.port, path, requests))
    yield from _pair("web", "requests a second", rates)


def _ask(port: int, path: str, requests: int) -> float:
    """Requests a second, by clients in processes of their own."""
    each = requests // CLIENTS
    with ProcessPoolExecutor(CLIENTS) as pool:
        list(pool.map(_client, repeat(port), repeat(path), [1] * CLIENTS))  # they are there
        began = time.perf_counter()
        list(pool.map(_client, repeat(port), repeat(path), [each] * CLIENTS))
        return each * CLIENTS / (time.perf_counter() - began)


def _client(port: int, path: str, requests: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(requests):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"answered with {response.status}")
    connection.close()


def _workers(events: int) -> Iterator[Figure]:
    from . import delivery, receiver  # noqa: PLC0415

    with receiver.receiving() as target:
        organisation = delivery._subscribed(target)
        rates = [events / took for _, took, _ in delivery.delivered(organisation, events)]
    yield from _pair("worker", "webhooks a second", rates)


def _pair(program: str, unit: str, rates: list[float]) -> Iterator[Figure]:
    one, two = rates
    yield Figure("scale", f"{program}, 1 process: {unit}", one, "")
    yield Figure("scale", f"{program}, 2 processes: {unit}", two, "", one, "of one")


def main() -> int:
    flags = sys.argv[1:]
    with TemporaryDirectory(prefix="rxscale-bench-") as folder:
        os.environ["RXSCALE_DATA_DIR"] = folder
        answer = Path(folder) / "scale.json"
        with (
            running_servers(Path(folder)) as servers,
            grounds.template(servers) as template,
            grounds.environment(servers, template) as environment,
        ):
            command = [sys.executable, "-m", "bench.suite", "scale", str(answer), *flags]
            subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
        write_table([Figure(**each) for each in json.loads(answer.read_text())], DOCUMENT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
