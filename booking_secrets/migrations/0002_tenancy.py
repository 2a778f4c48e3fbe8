from django.db import migrations

from common.migration_operations import same_organisation


class Migration(migrations.Migration):
    dependencies = [
        ("booking_secrets", "0001_initial"),
        ("organisations", "0002_tenancy_and_audit"),
    ]
    operations = [
        same_organisation("booking_secrets_bookingsecret", "shop_id", "organisations_shop"),
        same_organisation("booking_secrets_bookinglaunchcode", "shop_id", "organisations_shop"),
        same_organisation(
            "booking_secrets_bookinglaunchcode", "patient_id", "organisations_patient"
        ),
        same_organisation(
            "booking_secrets_bookinglaunchcode", "secret_id", "booking_secrets_bookingsecret"
        ),
    ]
