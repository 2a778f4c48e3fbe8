"""Embedded servers: started once per data folder, joined by others, stopped by whoever started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from rxscale.command_line import needs_servers
from rxscale.embedded import EmbeddedRefused, Servers, private_folder, running_servers
from rxscale.server_programs import _postgres_account, _running

# A suite that runs in the background ignores SIGINT, and children inherit that: here it counts again.
_PROGRAM = """
import signal, sys, time
from pathlib import Path
from rxscale.embedded import running_servers
signal.signal(signal.SIGINT, signal.default_int_handler)
with running_servers(Path(sys.argv[1]), durable=False, environ={}) as servers:
    print(servers.database_url, servers.redis_url, flush=True)
    time.sleep(60)
"""

_HOLDER = """
import sys
from pathlib import Path
from rxscale.embedded import alone_in
with alone_in(Path(sys.argv[1]), "demo"):
    print("here", flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.process


@contextmanager
def _another_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], Servers]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process, Servers(*process.stdout.readline().split())
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def _server_version(servers: Servers) -> int:
    with psycopg.connect(servers.database_url) as connection:
        return connection.info.server_version


def _is_anything_running(data_dir: Path) -> bool:
    return bool(
        _running("postgres", data_dir / "postgres" / "data")
        or _running("valkey-server", data_dir / "valkey" / "valkey.conf")
    )


def test_both_servers_answer_inside_and_are_gone_outside(tmp_path: Path) -> None:
    with running_servers(tmp_path, durable=False, environ={}) as servers:
        assert _server_version(servers) // 10_000 == 18
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
            assert client.config_get("save") == {"save": ""}
        address = servers.redis_url.rpartition("@")[2]
        with (
            redis.Redis.from_url(f"redis://{address}") as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()

    assert not _is_anything_running(tmp_path)


def test_data_outlive_a_restart(tmp_path: Path) -> None:
    with (
        running_servers(tmp_path, environ={}) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with (
        running_servers(tmp_path, environ={}) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_second_process_joins_and_leaves_the_servers_running(tmp_path: Path) -> None:
    with _another_process(tmp_path) as (_, theirs):
        with running_servers(tmp_path, durable=False, environ={}) as ours:
            assert ours == theirs
        assert _server_version(theirs) // 10_000 == 18


def test_a_demo_beside_another_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """It would write its own port into demo.json, over the first one's."""
    environment = os.environ | {"RXSCALE_DATA_DIR": str(tmp_path), "RXSCALE_ENV": "demo"}
    command = [sys.executable, "manage.py", "demo"]
    holder = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        second = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60
        )
        first.kill()

    assert second.returncode == 1
    assert "Another demo is running on" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_owner_stops_the_servers(tmp_path: Path, number: signal.Signals) -> None:
    with _another_process(tmp_path) as (process, _):
        assert _is_anything_running(tmp_path)
        process.send_signal(number)
        assert process.wait(30) != 0

    assert not _is_anything_running(tmp_path)


def test_servers_of_an_owner_killed_with_9_are_replaced_never_doubled(tmp_path: Path) -> None:
    with _another_process(tmp_path) as (process, before):
        process.kill()
        process.wait(30)
    assert _is_anything_running(tmp_path)

    with running_servers(tmp_path, durable=False, environ={}) as after:
        assert _server_version(after) // 10_000 == 18
        assert after.redis_url != before.redis_url
        with redis.Redis.from_url(before.redis_url) as old, pytest.raises(redis.ConnectionError):
            old.ping()
    assert not _is_anything_running(tmp_path)


def test_pid_files_that_name_a_stranger_harm_neither(tmp_path: Path) -> None:
    """Left by a kill -9; the stranger is of the same account, so that PostgreSQL believes them."""
    with running_servers(tmp_path, durable=False, environ={}):
        pass
    folder, account = tmp_path / "postgres", _postgres_account()
    stranger = subprocess.Popen(["sleep", "60"], user=account.pw_uid if account else None)
    named = f"{stranger.pid}\n{folder / 'data'}\n1\n5432\n{folder}\n\n\nready\n"
    for pid_file in (folder / "data" / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
        pid_file.write_text(named)
    try:
        with running_servers(tmp_path, durable=False, environ={}) as servers:
            assert _server_version(servers) // 10_000 == 18
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)

    with running_servers(deep, durable=False, environ={}) as servers:
        assert _server_version(servers) // 10_000 == 18


def test_the_log_names_a_deadlock_but_no_value_of_a_row(tmp_path: Path) -> None:
    with running_servers(tmp_path, durable=False, environ={}) as servers:
        _deadlock(servers.database_url)

    log = (tmp_path / "postgres" / "postgres.log").read_text()
    assert "deadlock detected" in log
    assert "paula@patients.example" not in log


def _deadlock(url: str) -> None:
    with psycopg.connect(url) as one, psycopg.connect(url) as other:
        one.execute("CREATE TABLE people (id int PRIMARY KEY, email text)")
        one.execute("INSERT INTO people VALUES (1, ''), (2, '')")
        one.commit()
        update = "UPDATE people SET email = 'paula@patients.example' WHERE id = {}"
        one.execute(update.format(1))
        other.execute(update.format(2))
        other.pgconn.send_query(update.format(1).encode())  # waits for `one`
        time.sleep(0.2)
        one.execute(update.format(2))  # closes the ring; the one that waited longer gives way
        result = other.pgconn.get_result()
        assert result is not None
        assert b"deadlock detected" in result.error_message
        other.pgconn.get_result()


def test_the_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with running_servers(tmp_path, durable=False, environ={}):
        modes = {
            path.name: path.stat().st_mode & 0o777 for path in private_folder(tmp_path).iterdir()
        }
        assert private_folder(tmp_path).stat().st_mode & 0o777 == 0o700
        assert modes["postgres.url"] == modes["valkey.url"] == 0o600


def test_what_the_environment_names_is_not_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://given", "REDIS_URL": "redis://given"}
    secret = tmp_path / "redis-url"
    secret.write_text("redis://from-a-file\n")

    with running_servers(tmp_path, environ=given) as servers:
        assert servers == Servers("postgres://given", "redis://given")
    with running_servers(
        tmp_path, environ={"DATABASE_URL": "postgres://given", "REDIS_URL_FILE": str(secret)}
    ) as servers:
        assert servers == Servers("postgres://given", "redis://from-a-file")
    assert list(tmp_path.iterdir()) == [secret]


def test_production_gets_no_embedded_server(tmp_path: Path) -> None:
    environ = {"RXSCALE_ENV": "production", "DATABASE_URL": "postgres://given"}

    with (
        pytest.raises(EmbeddedRefused, match="REDIS_URL"),
        running_servers(tmp_path, environ=environ),
    ):
        pass


@pytest.mark.parametrize(
    ("command_line", "expected"),
    [
        ("manage.py", False),
        ("manage.py check --deploy", False),
        ("manage.py makemigrations --check", False),
        ("manage.py migrate --help", False),
        ("manage.py demo", False),
        ("manage.py migrate", True),
        ("manage.py maintain", True),
        ("manage.py shell", True),
    ],
)
def test_only_commands_that_need_servers_get_them(command_line: str, expected: bool) -> None:
    assert needs_servers(command_line.split()) is expected


def test_importing_settings_starts_nothing(tmp_path: Path) -> None:
    environ = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    environ["RXSCALE_DATA_DIR"] = str(tmp_path / "untouched")

    subprocess.run([sys.executable, "-c", "import rxscale.settings"], env=environ, check=True)

    assert not (tmp_path / "untouched").exists()
