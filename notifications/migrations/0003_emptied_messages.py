from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index is built concurrently: nobody waits for it

    dependencies = [
        ("notifications", "0002_tenancy"),
        ("organisations", "0005_doctor_looks"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="emptied_at",
            field=models.DateTimeField(
                help_text="When body, address and answers were removed for their age.", null=True
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="emptied_at",
            field=models.DateTimeField(help_text="When `data` was removed for its age.", null=True),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("emptied_at", None), models.Q(("state", "pending"), _negated=True)
                ),
                fields=["created_at"],
                name="delivery_to_empty",
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("emptied_at", None)),
                fields=["created_at"],
                name="event_to_empty",
            ),
        ),
    ]
