from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index is built concurrently: nobody waits for it

    dependencies = [
        ("appointments", "0004_calendar_feed"),
        ("organisations", "0005_doctor_looks"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(
                    ("confirmed_at", None), ("status__in", ("expired", "cancelled"))
                ),
                fields=["status_changed_at"],
                name="appointment_never_confirmed",
            ),
        ),
    ]
