"""Databases to measure on: migrated once, copied for each suite, dropped afterwards."""

import os
import secrets
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from rxscale.embedded import Servers

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def template(servers: Servers) -> Generator[str]:
    """The name of a migrated database without a row of ours."""
    name = f"rxscale_bench_{secrets.token_hex(4)}"
    with _database(servers, name):
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=_settings(servers, name), check=True)
        yield name


@contextmanager
def environment(servers: Servers, template: str) -> Generator[dict[str, str]]:
    """What a suite's process needs to know; its database is a copy of `template`."""
    name = f"{template}_{secrets.token_hex(4)}"
    with _database(servers, name, copy_of=template):
        yield _settings(servers, name)


@contextmanager
def _database(servers: Servers, name: str, *, copy_of: str = "template1") -> Generator[None]:
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(servers.database_url, autocommit=True) as server:
        server.execute(make.format(sql.Identifier(name), sql.Identifier(copy_of)))
    try:
        yield
    finally:
        with psycopg.connect(servers.database_url, autocommit=True) as server:
            server.execute(drop)


def without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """For programs that are to find servers and settings of their own."""
    return {name: value for name, value in environment.items() if name not in _SETTINGS}


_CONNECTIONS = ("DATABASE_URL", "REDIS_URL", "REDIS_KEY_PREFIX")
_FOR_ALL = {
    "RXSCALE_ENV": "test",
    "RATE_LIMIT": "off",
    "ALLOW_LOOPBACK_WEBHOOKS": "on",
    "LOG_LEVEL": "WARNING",
}
_SETTINGS = {*_CONNECTIONS, *_FOR_ALL}


def _settings(servers: Servers, name: str) -> dict[str, str]:
    url = urlsplit(servers.database_url)._replace(path=f"/{name}").geturl()
    connections = (url, servers.redis_url, f"{name}:")
    return {**os.environ, **dict(zip(_CONNECTIONS, connections, strict=True)), **_FOR_ALL}
