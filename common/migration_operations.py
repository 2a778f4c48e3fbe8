"""Migration operations for what Django's models cannot say: references that stay in one tenant."""

from django.db.migrations.operations import RunSQL


def same_organisation(table: str, column: str, target: str) -> RunSQL:
    """Make PostgreSQL refuse a row of `table` whose `column` names a `target` row of another organisation.

    `target` needs a unique constraint on (organisation_id, id).
    """
    name = f"{table}_{column}_same_org"[:63]
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name}"
        f" FOREIGN KEY (organisation_id, {column}) REFERENCES {target} (organisation_id, id)"
        " DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
