import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0003_patient_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="doctor",
            name="declined_notices",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("booked", "Booked"),
                        ("moved", "Moved"),
                        ("cancelled", "Cancelled"),
                        ("reminder_email", "Reminder Email"),
                        ("reminder_sms", "Reminder Sms"),
                    ],
                    max_length=20,
                ),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "declined_notices__contained_by",
                        ["booked", "moved", "cancelled", "reminder_email", "reminder_sms"],
                    )
                ),
                name="doctor_declined_notices_are_known",
            ),
        ),
    ]
