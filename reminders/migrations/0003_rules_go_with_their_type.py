import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_tenancy"),
        ("reminders", "0002_tenancy"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reminderrule",
            name="appointment_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reminder_rules",
                to="appointments.appointmenttype",
            ),
        ),
    ]
