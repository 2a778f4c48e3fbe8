from django.db import migrations

from common.migration_operations import same_organisation


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial"), ("appointments", "0002_tenancy")]
    operations = [
        same_organisation(
            "reminders_reminderrule", "appointment_type_id", "appointments_appointmenttype"
        ),
        same_organisation("appointment_reminders_sent", "rule_id", "reminders_reminderrule"),
    ]
