"""What web, worker and beat need: seconds until they serve, and memory, at first and after ten thousand requests."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import repeat

from tests.api.world import KEY_HEADER, make_clinic

from . import programs, web
from .figures import Figure

MIB = 1024 * 1024
MOST_MIB = 180
FLAT = 1.1  # what is left of growth once the caches are warm
CLIENTS = 4


def measure(*, quick: bool) -> Iterator[Figure]:
    requests = 200 if quick else 10_000
    bare = _seconds_of("import django, psycopg, celery, ninja, allauth")
    key = make_clinic().api_key()
    with web.running(processes=1) as server:
        yield Figure(
            "processes", "web: start to first answer", server.seconds_to_start, "s", bare, "imports"
        )
        _ask(server.port, key, 200)
        warm = server.resident_bytes() / MIB
        _ask(server.port, key, requests)
        after = server.resident_bytes() / MIB
        yield Figure("processes", "web: memory, warm", warm, "MiB", bar=MOST_MIB)
        label = f"web: memory after {requests:,} requests"
        yield Figure("processes", label, after, "MiB", bar=MOST_MIB)
        yield Figure("processes", f"{label}, growth", after, "MiB", warm, "warm", bar=FLAT)
    with programs.celery("worker") as worker, programs.celery("beat") as beat:
        time.sleep(4 if quick else 12)  # what they import has settled
        for name, process in (("worker", worker), ("beat", beat)):
            family = [process, *process.children(recursive=True)]
            largest = max(each.memory_info().rss for each in family) / MIB
            yield Figure("processes", f"{name}: memory of a process", largest, "MiB")


def _seconds_of(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def _ask(port: int, key: str, requests: int) -> None:
    """Slot lists, reads by key, pages and refusals, by a few clients at once."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(_asked, repeat(port), repeat(key), [requests // CLIENTS] * CLIENTS))


def _asked(port: int, key: str, requests: int) -> None:
    paths = (
        "/v1/scheduling/appointments?patient_profile_uid=pp-none",
        "/accounts/login/",
        "/nowhere",
    )
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(requests):
        connection.request("GET", paths[number % len(paths)], headers={KEY_HEADER: key})
        connection.getresponse().read()
    connection.close()
