import secrets
from functools import partial

import django.db.models.deletion
from django.db import migrations, models

import common.uids
from common.migration_operations import same_organisation


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0003_keeping"),
        ("organisations", "0004_doctor_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.CharField(
                        default=partial(common.uids.new_uid, "cal"),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "nonce",
                    models.CharField(
                        default=partial(secrets.token_urlsafe, 16), editable=False, max_length=32
                    ),
                ),
                ("issued_at", models.DateTimeField()),
                (
                    "doctor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calendar_feed",
                        to="organisations.doctor",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.organisation",
                    ),
                ),
            ],
        ),
        same_organisation("appointments_calendarfeed", "doctor_id", "organisations_doctor"),
    ]
