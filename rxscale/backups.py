"""Backup and restore with PostgreSQL's own programs, and the proof that a backup is one.

A backup is two files: the dump, and beside it a manifest that describes the very snapshot that was dumped.
`restore` fills an empty database and holds it against the manifest: rows, constraints, invariants, and a
canary, for a dump without its encryption keys is worth little.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import psycopg
from django.db import connection, transaction
from psycopg.conninfo import conninfo_to_dict

from . import verification
from .server_programs import ServerFailed, postgres_programs
from .verification import Manifest

_VERSION = re.compile(r"\) (\d+)")
# libpq reads these from the environment, where no list of processes shows them.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
_TABLES = (
    "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


class BackupFailed(Exception):
    """The text says what to do."""


def backup(folder: Path, now: datetime) -> Path:
    """Dump Django's database into `folder`, which is the owner's alone; the dump's path. Blocks nobody."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    dump = folder / f"rxscale-{now:%Y%m%dT%H%M%SZ}.dump"
    draft = dump.with_suffix(".draft")
    with _snapshot() as snapshot:
        manifest = verification.describe(now)
        parameters = {key: str(value) for key, value in connection.get_connection_params().items()}
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run("pg_dump", _server_major(), parameters, [*options, f"--file={draft}"])
    draft.chmod(0o600)
    _manifest_of(dump).write_text(json.dumps(asdict(manifest), indent=1))
    return draft.rename(dump)  # last: a dump that is there is whole and has its manifest


def restore(dump: Path, url: str) -> None:
    """Fill the empty database of `url` from the dump, all or nothing. Raises BackupFailed."""
    parameters = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    try:
        with psycopg.connect(url) as target:
            row = target.execute(_TABLES).fetchone()
            major = target.info.server_version // 10000
    except psycopg.OperationalError as error:
        raise BackupFailed(f"The database to restore into does not answer: {error}") from error
    if row != (0,):
        raise BackupFailed("The database to restore into has tables already; make an empty one.")
    options = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error"]
    into = f"--dbname={parameters['dbname']}"
    _run("pg_restore", major, parameters, [*options, "--single-transaction", into, str(dump)])


def read_manifest(dump: Path) -> Manifest:
    """What `backup` wrote beside the dump. Raises BackupFailed."""
    try:
        return Manifest(**json.loads(_manifest_of(dump).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupFailed(f"The manifest beside {dump} cannot be read: {error}") from error


def _server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (major,) = cursor.fetchone()
    return int(major)


def _manifest_of(dump: Path) -> Path:
    return dump.with_suffix(".json")


@contextmanager
def _snapshot() -> Iterator[str]:
    """Inside, this connection and whoever names the snapshot see the database as of one moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone()
        yield name


def _run(name: str, major: int, parameters: dict[str, str], options: list[str]) -> None:
    program = _program(name, major)
    wiring = {_VARIABLES[key]: value for key, value in parameters.items() if key in _VARIABLES}
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL, options of ours
        [program, *options], env=os.environ | wiring, capture_output=True, text=True
    )
    if done.returncode:
        raise BackupFailed(f"{name} failed: {done.stderr.strip()}")


def _program(name: str, major: int) -> str:
    """The program of the server's own version: an older one cannot, a newer one writes what the server rejects."""
    for folder in _folders(major):
        path = shutil.which(name, path=folder)
        if path and _major_of(path) == major:
            return path
    raise BackupFailed(f"{name} of PostgreSQL {major} is not there: install its client programs.")


def _folders(major: int) -> Iterator[str]:
    yield os.environ.get("PATH", os.defpath)
    yield f"/usr/lib/postgresql/{major}/bin"
    try:
        yield str(postgres_programs())
    except ServerFailed:
        return


def _major_of(program: str) -> int:
    said = subprocess.run(  # noqa: S603
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = _VERSION.search(said)
    return int(match[1]) if match else 0
