"""The run: `python -m tests.chaos [part of a fault's name ...]`, every fault when none is named."""

import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from tests.process.own_servers import Postgres, Valkey

from .house import House


def main(words: Sequence[str]) -> int:
    began = time.monotonic()
    with TemporaryDirectory(prefix="rxscale-chaos-") as folder, _servers(Path(folder)) as house:
        django.setup()
        run = import_module(
            "tests.chaos.run"
        ).run  # it needs models, and they the servers' addresses
        return int(run(house, words, began))


@contextmanager
def _servers(folder: Path) -> Iterator[House]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    house = House(Postgres(folder / "postgres"), Valkey(folder / "valkey"), folder, port)
    house.postgres.start()
    house.valkey.start()
    os.environ |= {
        "DATABASE_URL": house.postgres.url,
        "REDIS_URL": house.valkey.url,
        "RXSCALE_ENV": "test",
        "RXSCALE_DATA_DIR": str(folder),
        "ALLOW_LOOPBACK_WEBHOOKS": "true",
        "DJANGO_SETTINGS_MODULE": "rxscale.settings",
        "LOG_LEVEL": "ERROR",
    }
    try:
        yield house
    finally:
        house.stop()
        house.valkey.close()
        house.postgres.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
