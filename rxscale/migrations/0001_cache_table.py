"""The table of settings.CACHES, so that `migrate` brings all a database needs (no createcachetable)."""

from django.db import migrations

CREATE = """
CREATE TABLE rxscale_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX rxscale_cache_expires ON rxscale_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    operations = [migrations.RunSQL(CREATE, "DROP TABLE rxscale_cache")]
