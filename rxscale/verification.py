"""Whether a database is whole: its invariants, its constraints, and that its secrets can be read.

What `manage.py verify` asks, of a running system or of one that was just restored. A backup's manifest
(`rxscale.backups`) says beyond that how many rows there were, and holds a canary under the same keys.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import connection

from common import crypto
from common.crypto import DecryptionFailed, Place

from . import invariants, key_rotation

_CANARY = b"This text was encrypted when the backup was made."
_CANARY_PLACE = Place("backup", "canary", "", "")

# Constraints, indexes and triggers by name, as far as they are valid and on; not the catalogue's own.
_RULES = """
SELECT conname FROM pg_constraint
WHERE convalidated AND connamespace = 'public'::regnamespace
UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indisvalid AND relnamespace = 'public'::regnamespace
UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'
"""


@dataclass(frozen=True)
class Manifest:
    """What was in the database when a backup was made. `canary` was encrypted with the ring's first key."""

    made_at: str
    rows: dict[str, int]
    rules: list[str]
    canary: str


def describe(now: datetime) -> Manifest:
    """The manifest of the database as this transaction sees it."""
    canary = base64.b64encode(crypto.encrypt(_CANARY, _CANARY_PLACE)).decode()
    return Manifest(now.isoformat(), row_counts(), sorted(rules_in_force()), canary)


def problems(manifest: Manifest | None = None) -> Iterator[str]:
    """What is wrong, each in a sentence; nothing when all is well. Reads every row that matters."""
    for broken in invariants.violations():
        yield f"Broken: {broken.sentence} See {', '.join(broken.uids)}."
    yield from _missing_rules()
    yield from _unreadable()
    if manifest:
        yield from _against(manifest)


def row_counts() -> dict[str, int]:
    """Rows of each table, Django's and the libraries' included."""
    tables = sorted(connection.introspection.table_names())
    counts = {}
    with connection.cursor() as cursor:
        for table in tables:
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*) FROM {quoted}")  # noqa: S608  # of the catalogue
            (counts[table],) = cursor.fetchone()
    return counts


def rules_in_force() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_RULES)
        return {name for (name,) in cursor.fetchall()}


def _missing_rules() -> Iterator[str]:
    in_force = rules_in_force()
    named = {
        rule.name
        for model in apps.get_models()
        for rule in (*model._meta.constraints, *model._meta.indexes)
    }
    for name in sorted(named - in_force):
        yield f"The constraint or index {name} is missing or not valid."


def _unreadable() -> Iterator[str]:
    for outcome in key_rotation.read_everything():
        if outcome.unreadable:
            yield (
                f"{outcome.table}.{outcome.column} cannot be decrypted with ENCRYPTION_KEYS for:"
                f" {', '.join(outcome.unreadable[: invariants.MOST_UIDS])}."
            )


def _against(manifest: Manifest) -> Iterator[str]:
    found = row_counts()
    for table in sorted(manifest.rows.keys() | found.keys()):
        if manifest.rows.get(table) != found.get(table):
            yield f"{table} has {found.get(table)} rows instead of {manifest.rows.get(table)}."
    for name in sorted(set(manifest.rules) - rules_in_force()):
        yield f"The rule {name} was in force when the backup was made, and is not now."
    if not _reads_canary(manifest.canary):
        yield "The canary cannot be decrypted: ENCRYPTION_KEYS lacks the key the backup was made with."


def _reads_canary(text: str) -> bool:
    try:
        return crypto.decrypt(base64.b64decode(text), _CANARY_PLACE) == _CANARY
    except DecryptionFailed:
        return False
