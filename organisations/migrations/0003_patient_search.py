from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

SEARCH_TEXT = models.Func(
    "first_name",
    "last_name",
    "email",
    "phone",
    function="LOWER",
    arg_joiner=" || ' ' || ",
    output_field=models.TextField(),
)


class Migration(migrations.Migration):
    dependencies = [("organisations", "0002_tenancy_and_audit")]
    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            "patient",
            models.Index(fields=["organisation", "created_at", "uid"], name="patient_by_creation"),
        ),
        migrations.AddIndex(
            "patient",
            GinIndex(OpClass(SEARCH_TEXT, name="gin_trgm_ops"), name="patient_by_text"),
        ),
    ]
