from django.db import migrations

from common.migration_operations import same_organisation


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial"), ("organisations", "0002_tenancy_and_audit")]
    operations = [
        same_organisation("appointments_appointment", "shop_id", "organisations_shop"),
        same_organisation("appointments_appointment", "patient_id", "organisations_patient"),
        same_organisation("appointments_appointment", "doctor_id", "organisations_doctor"),
        same_organisation(
            "appointments_appointment", "appointment_type_id", "appointments_appointmenttype"
        ),
        same_organisation(
            "appointments_appointmenttypedoctor",
            "appointment_type_id",
            "appointments_appointmenttype",
        ),
        same_organisation(
            "appointments_appointmenttypedoctor", "doctor_id", "organisations_doctor"
        ),
        same_organisation("appointments_meetingroom", "doctor_id", "organisations_doctor"),
    ]
