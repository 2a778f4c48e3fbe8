"""Pytest plugin: the PostgreSQL and Redis the suite runs on, embedded unless the environment names them.

It acts before Django reads its settings. Under xdist the controller starts the servers; its workers find
their addresses in the environment they inherit. Each session keeps to key names of its own in Redis.
"""

import gc
import os
import secrets
import signal
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import redis

from rxscale.embedded import running_servers


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["REDIS_KEY_PREFIX"] += f"{worker}:"
    else:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)  # also after Ctrl-C and after an error in the set-up
        _arrange_environment(stack)
    return (yield)


def _arrange_environment(stack: ExitStack) -> None:
    data_dir = stack.enter_context(TemporaryDirectory(prefix="rxscale-test-"))
    os.environ["RXSCALE_ENV"] = "test"
    os.environ["RXSCALE_DATA_DIR"] = data_dir
    os.environ["REDIS_KEY_PREFIX"] = prefix = f"test-{secrets.token_hex(4)}:"
    servers = stack.enter_context(running_servers(Path(data_dir), durable=False))
    if not os.environ.get("DATABASE_URL"):
        _look_for_deadlocks_sooner(servers.database_url)
    os.environ.update(servers.environment())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the session as Ctrl-C does
    stack.callback(_forget_keys, servers.redis_url, prefix)


def _look_for_deadlocks_sooner(database_url: str) -> None:
    """After 0.1 s instead of a whole one, which every race that ends in one would wait; on a server of ours."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET deadlock_timeout = '100ms'")
        connection.execute("SELECT pg_reload_conf()")


def _forget_keys(redis_url: str, prefix: str) -> None:
    """A server that is not ours keeps everything but what this session wrote."""
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{prefix}*", count=1000):
            client.delete(key)


def pytest_collection_finish() -> None:
    """The tests themselves stay to the end, too: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
